import { KeywellError, type readCredentialSchema } from '@keywell/protocol'
import type { z } from 'zod'
import type { Catalogue } from '../catalogue.ts'
import { placeMeantBy } from '../host.ts'
import { ofTenant } from '../store/connections.ts'
import type { CredentialReadRow } from '../store/credentials.ts'
import { requireOwnerId } from './connections.ts'
import type { LookUp } from './look-up.ts'
import { needsReauth } from './needs-reauth.ts'
import { hasEnded } from './renewal.ts'

/** What a backend asks for. */
export type CredentialQuery = z.output<typeof readCredentialSchema>

/**
 * The one connection that a query names.
 *
 * @throws KeywellError `not_connected`, or `invalid_request` when the user has connected several hosts
 */
export async function findNamed(
  { catalogue, lookUp }: { catalogue: Catalogue; lookUp: LookUp },
  query: CredentialQuery,
  connectUrl: string | undefined,
): Promise<CredentialReadRow> {
  const host =
    query.host === undefined
      ? null
      : placeMeantBy(catalogue.get(query.tenantId, query.provider), query.host)
  const lookUpOf = (userId: string) =>
    lookUp({
      tenantId: query.tenantId,
      userId,
      provider: query.provider,
      name: query.connectionName,
      host,
      askDue: query.ifNewerThan !== undefined,
    })
  const own = await lookUpOf(requireOwnerId(query))
  // One that the user has, and has to connect again, is not passed over: it would be another account, unnoticed.
  const rows = own.length === 0 && query.fallback === 'tenant' ? await lookUpOf(ofTenant) : own
  const [row] = rows
  if (row === undefined) {
    const provider = catalogue.get(query.tenantId, query.provider)
    const message = `${whoOf(query)} has not connected ${provider.title}.`
    throw new KeywellError('not_connected', message, { connectUrl })
  }
  if (rows.length > 1) {
    const hosts = rows.map((each) => each.host).join(' and ')
    throw new KeywellError(
      'invalid_request',
      `${whoOf(query)} has connected ${query.provider} on ${hosts}.`,
      { nextStep: 'Say which one with `host`.' },
    )
  }
  return row
}

function whoOf({ owner, fallback }: CredentialQuery): string {
  if (owner === 'tenant') return 'This tenant'
  return fallback === undefined ? 'This user' : 'Neither this user nor the tenant'
}

/** @throws KeywellError `needs_reauth` or `not_connected` */
export function requireUsable(
  catalogue: Catalogue,
  row: CredentialReadRow,
  connectUrl: string | undefined,
): void {
  const title = catalogue.get(row.tenantId, row.provider).title
  if (row.status === 'active' && !row.renewable && hasEnded(row)) {
    const over = { ...row, reason: 'token_expired' } as const
    throw needsReauth(over, { title, connectUrl })
  }
  if (row.status === 'expired' || row.status === 'revoked') {
    throw needsReauth(row, { title, connectUrl })
  }
  if (row.sealed === null || row.status !== 'active') {
    const message = `${title} was disconnected.`
    throw new KeywellError('not_connected', message, { connectUrl })
  }
}

/** The page of the app where this user can connect. */
export function connectUrlFor(
  page: string | undefined,
  { provider, connectionName }: Pick<CredentialQuery, 'provider' | 'connectionName'>,
): string | undefined {
  if (page === undefined) return undefined
  const url = new URL(page)
  url.searchParams.set('provider', provider)
  url.searchParams.set('connectionName', connectionName)
  return url.href
}
