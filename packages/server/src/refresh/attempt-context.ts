import type { Audit } from '../audit/audit.ts'
import type { After, Jitter, Sleep } from '../clock.ts'
import type { DefinitionVersions } from '../definition-versions/definition-versions.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tracing } from '../metrics/tracing.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { Suspension } from '../oauth/suspension.ts'
import type { KeptTokenSet, TokenBox } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { KeptCredentialRow } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import type { Claim } from '../store/refresh-claim.ts'
import type { FaultPoint } from './fault-point.ts'
import type { IncidentGuard } from './incident-guard.ts'
import type { Lease } from './lease.ts'
import type { Renewable } from './source.ts'
import type { Timing } from './timing.ts'

/** What every attempt to refresh a connection works with. */
export interface AttemptParts {
  versions: DefinitionVersions
  database: Database
  box: TokenBox
  integrations: Integrations
  outbound: Outbound
  audit: Audit
  suspension: Suspension
  incidentGuard: IncidentGuard
  logger: Logger
  metrics: Pick<Metrics, 'refresh' | 'probed' | 'connectionEnded'>
  tracing: Tracing
  jitter: Jitter
  sleep: Sleep
  after: After
  timing: Timing
  faultPoint: FaultPoint
  /** Whether a background refresh that succeeds has entries in the audit log. */
  auditRefreshes: boolean
}

/** One attempt that may send: its claim, and what was read before the first byte. */
export interface Attempt extends Renewable {
  claim: Claim
  lease: Lease
  /** The connection as it was when the request was sent. */
  row: KeptCredentialRow
  tokens: KeptTokenSet
  /** The audit log holds its intent and gets its success. A failure always has an entry. */
  audited: boolean
}
