import { KeywellError } from '@keywell/protocol'
import { findConnection } from '../store/connections.ts'
import type { CredentialReadRow } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import type { Renewal } from './renewal.ts'

/** What the answer 401 of a provider means for the credential that was sent. */
export type Examined =
  /** There is a newer one. */
  | { readonly state: 'renewed'; readonly row: CredentialReadRow }
  /** The provider takes it: what was asked for is beyond the user's rights. */
  | { readonly state: 'alive' }
  /** Its connection has ended. */
  | { readonly state: 'dead'; readonly row: CredentialReadRow }
  /** It could not be found out. */
  | { readonly state: 'unknown' }

/** How long a call waits for what a probe, and perhaps a refresh, finds out. */
const waitMs = 10_000

/**
 * A 401 proves nothing by itself: some providers answer so to what a user may not do. The provider is asked whether
 * it takes the token, and only a token that it does not take is renewed.
 */
export type Examine = (row: CredentialReadRow) => Promise<Examined>

export function createExamine(parts: { database: Database; renewed: Renewal }): Examine {
  const { database, renewed } = parts
  return async (sent) => {
    const row = await renewed(sent, 'refused', waitMs).catch((error: unknown) => {
      if (error instanceof KeywellError && isForNow(error)) return undefined
      throw error
    })
    if (row === undefined) return { state: 'unknown' }
    if (row.status !== 'active') return { state: 'dead', row }
    if (row.generation > sent.generation) return { state: 'renewed', row }
    const connection = await findConnection(database.of(row.tenantId), row.tenantId, row.id)
    return { state: connection?.health === 'ok' ? 'alive' : 'unknown' }
  }
}

const isForNow = ({ code }: KeywellError) =>
  code === 'refresh_in_progress' || code === 'unavailable'
