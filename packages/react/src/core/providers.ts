import type { ConnectOptions, routes } from '@keywell/protocol'
import type { KeywellClient } from './client.ts'

/** One provider as the session may connect it: title, hosts, scopes. */
export type ProviderOptions = ConnectOptions['providers'][number]

type ProvidersPath = (typeof routes.flows.options)['path']

/**
 * Reads what the user may connect: providers with their titles, hosts and scopes. The session is one that was prepared
 * for a click, and is left for it.
 *
 * @throws ConnectError
 */
export async function readProviders(
  client: Pick<KeywellClient, 'request'>,
): Promise<readonly ProviderOptions[]> {
  const path: ProvidersPath = '/connect/providers'
  const { providers } = await client.request<ConnectOptions>(path, {})
  return providers
}
