import type { Connection } from '@keywell/protocol'
import type { ProviderOptions } from './core/index.ts'

/**
 * What the service says of its providers. Undefined: its answer is on its way. None of a provider: it is not known
 * there, or could not be read.
 */
export type KnownProviders = readonly ProviderOptions[] | undefined

export function providerOf(
  { provider }: { readonly provider: string },
  known: KnownProviders,
): ProviderOptions | undefined {
  return known?.find(({ name }) => name === provider)
}

/** The provider, and what tells this account apart from others there. */
export function accountLabel(
  connection: Connection,
  { title, known }: { title: string; known: KnownProviders },
): string {
  const { name } = connection
  const distinction = name === 'default' ? instanceOf(connection, known) : name
  return distinction === undefined ? title : `${title} (${distinction})`
}

/**
 * The instance of an account, for people; undefined for the provider's own. While nothing is known, nothing is said:
 * most are the provider's own, and a name that goes again moves all that follows.
 */
export function instanceOf(connection: Connection, known: KnownProviders): string | undefined {
  const { host } = connection
  if (known === undefined || providerOf(connection, known)?.defaultHost === host) return undefined
  return hostName(host)
}

/** An address as people say it. */
export function hostName(host: string): string {
  return host.replace(/^https?:\/\//, '')
}
