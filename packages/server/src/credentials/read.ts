import { type ErrorCode, KeywellError, type ReadCredentialAnswer } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Jitter } from '../clock.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tracing } from '../metrics/tracing.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import { auditEntryOf } from '../refresh/audit-entry.ts'
import type { CredentialReadRow } from '../store/credentials.ts'
import { DatabaseUnavailable } from '../store/database.ts'
import { answerUnchanged, answerWith } from './credential-answer.ts'
import { createFreshen, type Freshen } from './freshen.ts'
import { createLookUp, type LookUp } from './look-up.ts'
import { createPolicyCheck } from './policy-check.ts'
import { createRenewal, hasEnded, type RenewalParts, type RenewalReason } from './renewal.ts'
import { type CredentialQuery, connectUrlFor, findNamed } from './usable-credential.ts'
import { createNoteUse, type NoteUse } from './use.ts'

export type ReadCredentials = (
  query: CredentialQuery,
  caller: Actor,
) => Promise<ReadCredentialAnswer>

export interface ReadParts extends RenewalParts {
  box: TokenBox
  audit: Audit
  metrics: Pick<Metrics, 'credentialRead'>
  tracing: Tracing
  /** A page of the app where its user can connect; answered with `not_connected` and `needs_reauth`. */
  connectUrl: string | undefined
  jitter: Jitter
}

/** What the steps of a read work with. */
interface Steps {
  box: TokenBox
  catalogue: Catalogue
  audit: Audit
  connectPage: string | undefined
  lookUp: LookUp
  freshen: Freshen
  noteUse: NoteUse
}

/**
 * Returns its user's credential to a backend. A valid one is served whatever becomes of its refresh; only
 * a read of one that has ended waits.
 */
export function createReadCredential(parts: ReadParts): ReadCredentials {
  const { catalogue, database, box, audit, metrics, tracing, jitter, timing } = parts
  const steps: Steps = {
    box,
    catalogue,
    audit,
    connectPage: parts.connectUrl,
    lookUp: createLookUp(database),
    freshen: createFreshen({
      catalogue,
      checkPolicy: createPolicyCheck({ audit, catalogue, action: 'credential.read' }),
      renewed: createRenewal(parts),
    }),
    noteUse: createNoteUse({ database, jitter, timing }),
  }
  return (query, caller) =>
    tracing.span('keywell.credential.read', factsOf(catalogue, query), async () => {
      const ended = metrics.credentialRead()
      try {
        const answer = await read(steps, query, caller)
        ended(answer.unchanged ? 'unchanged' : 'ok')
        return answer
      } catch (error) {
        ended(codeOf(error))
        throw error
      }
    })
}

/** A credential is returned only after its audit entry is durable. If the audit log is unavailable, reads fail. */
async function read(
  { box, catalogue, audit, connectPage, lookUp, freshen, noteUse }: Steps,
  query: CredentialQuery,
  caller: Actor,
): Promise<ReadCredentialAnswer> {
  const connectUrl = connectUrlFor(connectPage, query)
  const found = await findNamed({ catalogue, lookUp }, query, connectUrl)
  const reason = reasonToRenew(found, query)
  const { row, policy } = await freshen(found, {
    caller,
    connectUrl,
    reason,
    waitMs: query.waitMs,
  })
  if (query.ifNewerThan !== undefined && row.generation <= query.ifNewerThan) {
    noteUse(row)
    return answerUnchanged(row)
  }
  const answer = await answerWith({ box, catalogue }, row, { scopes: query.scopes, policy })
  await audit.commit({ ...auditEntryOf(row), ...caller, action: 'credential.read', result: 'ok' })
  noteUse(row)
  return answer
}

/**
 * The token has ended; the provider refused it to the caller, and there is no newer one; or its refresh is
 * due, and the caller asks only for a newer one. A caller's 401 proves nothing by itself: the provider is
 * asked first.
 */
function reasonToRenew(row: CredentialReadRow, query: CredentialQuery): RenewalReason | null {
  if (row.status !== 'active' || row.sealed === null) return null
  if (hasEnded(row)) return row.renewable ? 'ended' : null
  if (query.minGeneration !== undefined && row.generation < query.minGeneration) return 'refused'
  const { ifNewerThan } = query
  return ifNewerThan !== undefined && row.refreshDue && row.generation <= ifNewerThan ? 'due' : null
}

/** A provider that is not in the catalogue is text of the caller, so the span does not name it. */
const factsOf = (catalogue: Catalogue, { tenantId, provider }: CredentialQuery) => ({
  'keywell.provider': catalogue.find(tenantId, provider)?.name ?? 'unknown',
})

/** The code that the caller will get, see `toKeywellError`. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof KeywellError) return error.code
  return error instanceof DatabaseUnavailable ? 'unavailable' : 'internal'
}
