import type { Audit } from '../audit/audit.ts'
import { messageOfIncident } from '../changes/webhooks/message.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import type { Sql } from '../store/database.ts'
import {
  type AnswersOf,
  askAnew,
  confirmIncident,
  countAnswering,
  countRefusal,
  deleteCoveredIncidents,
  deleteIncident,
  findIncident,
  type IncidentRow,
  listAnswers,
  lockAnswers,
  lookAtOthers,
  openIncident,
  restartRefusals,
} from '../store/provider-incidents.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { installation } from '../store/scope.ts'
import { acrossTenants } from '../store/transaction.ts'
import { insertDeliveriesOfIncident } from '../store/webhook-deliveries.ts'
import {
  allTenants,
  areRefused,
  decideRefusal,
  type IncidentScope,
  incidentLimits,
  type RefusalDecision,
} from './incident-rule.ts'
import type { Timing } from './timing.ts'

/** A connection, by what it shares with others. */
export interface GuardedConnection extends AnswersOf {
  tenantId: string
  id: string
  provider: string
}

export interface RefusedAttempt {
  claim: Pick<Claim, 'refusedForMs' | 'lastRefusedForMs'>
  elapsedMs: number
}

/** Who ends an incident, or confirms it: the service, by the provider's answers, or an operator. */
export interface IncidentEnd {
  actor: string
  requestId?: string | undefined
}

/**
 * Stands between a provider's refusal and the end of a connection: while a provider refuses all connections, none
 * ends. Its whole state is in the database, so that any number of replicas see the same.
 */
export interface IncidentGuard {
  /** To be asked in the transaction that would end the connection, and before any of its rows is written. */
  decide(
    sql: Sql,
    connection: GuardedConnection,
    attempt: RefusedAttempt,
  ): Promise<RefusalDecision['do']>
  /** Whether an incident covers the connection that is not confirmed. */
  isHeld(sql: Sql, connection: GuardedConnection): Promise<boolean>
  /** To be called in the transaction that records that the provider accepted a credential during an incident. */
  answeredWell(sql: Sql, connection: GuardedConnection): Promise<void>
  /** What was refused is judged anew. False: it is over already. */
  release(sql: Sql, incident: IncidentRow, by: IncidentEnd): Promise<boolean>
  /** What was refused ends. False: it is over, or was confirmed before. */
  confirm(sql: Sql, incident: IncidentRow, by: IncidentEnd): Promise<boolean>
}

/** Answers that are looked at, so that one tenant with many does not hide the others. */
const maxAnswers = 1_000
/** What was held is asked again within a minute, as long as a refusal waits for its confirmation; a host's limits hold. */
const releaseSpread = 1
/** All are asked within five minutes, when it is their end. */
const confirmSpread = 5
/** So many are asked next when one was answered well, to see whether the incident is over. */
const nextAsked = incidentLimits.answers

const service = { actor: 'service' }

interface GuardParts {
  audit: Audit
  logger: Logger
  makeId: MakeId
  timing: Timing
}

export function createIncidentGuard(parts: GuardParts): IncidentGuard {
  return {
    decide: (sql, connection, attempt) => decide(parts, sql, connection, attempt),

    async isHeld(sql, connection) {
      const incident = await findIncident(sql, connection)
      return incident !== undefined && !isConfirmed(incident)
    },

    answeredWell: (sql, connection) => answeredWell(parts, sql, connection),
    release: (sql, incident, by) => release(parts, sql, incident, by),
    confirm: (sql, incident, by) => confirm(parts, sql, incident, by),
  }
}

async function decide(
  parts: GuardParts,
  sql: Sql,
  connection: GuardedConnection,
  { claim, elapsedMs }: RefusedAttempt,
): Promise<RefusalDecision['do']> {
  const { timing } = parts
  if (timing.incidentWindowMs === 0) return 'end'
  // A removal that is known to be true needs no turn: its connections end side by side.
  if (isConfirmed(await findIncident(sql, connection))) return 'end'
  await lockAnswers(sql, connection)
  const incident = await findIncident(sql, connection)
  const known = await acrossTenants(sql, async () => ({
    connections: await countAnswering(sql, connection, incidentLimits.refusals + 1),
    answers: incident === undefined ? await recentAnswers(timing, sql, connection, connection) : [],
  }))
  const { refusedForMs, lastRefusedForMs } = claim
  const refusal = { tenantId: connection.tenantId, refusedForMs, lastRefusedForMs }
  const facts = { ...known, ...refusal, attemptMs: elapsedMs, incident: factsOf(incident) }
  const decision = decideRefusal(facts, timing)
  await carryOut(parts, sql, connection, incident, decision)
  return decision.do
}

async function carryOut(
  parts: GuardParts,
  sql: Sql,
  connection: GuardedConnection,
  incident: IncidentRow | undefined,
  decision: RefusalDecision,
): Promise<void> {
  if (incident !== undefined) await countRefusal(sql, incident)
  switch (decision.do) {
    case 'wait':
      await acrossTenants(sql, () => lookAtOthers(sql, connection, decision.others))
      break
    case 'hold':
      if (decision.opens !== null) await open(parts, sql, connection, decision.opens)
      break
    case 'end':
      if (decision.confirms && incident !== undefined) {
        await confirm(parts, sql, incident, service)
      }
  }
}

async function open(
  parts: GuardParts,
  sql: Sql,
  connection: GuardedConnection,
  scope: IncidentScope,
): Promise<void> {
  const tenantId = scope === 'every_tenant' ? installation : connection.tenantId
  const id = parts.makeId('incident')
  const incident = await openIncident(sql, { ...connection, tenantId, id })
  if (incident === undefined) return
  if (scope === 'every_tenant')
    await acrossTenants(sql, () => deleteCoveredIncidents(sql, incident))
  const alarm = 'provider_incident'
  parts.logger.error({ alarm, ...described(incident) }, 'provider incident opened')
  await announce(parts, sql, incident, 'opened', service)
}

async function answeredWell(
  parts: GuardParts,
  sql: Sql,
  connection: GuardedConnection,
): Promise<void> {
  await lockAnswers(sql, connection)
  const incident = await findIncident(sql, connection)
  if (incident === undefined || isConfirmed(incident)) return
  const known = await acrossTenants(sql, () => recentAnswers(parts.timing, sql, connection, null))
  if (!areRefused(known, incident.tenantId === installation ? allTenants : connection)) {
    await release(parts, sql, incident, service)
    return
  }
  await restartRefusals(sql, incident)
  const next = { keep: true, everyone: true, spreadMs: 0, limit: nextAsked }
  await acrossTenants(sql, () => askAnew(sql, incident, next))
}

async function release(
  parts: GuardParts,
  sql: Sql,
  incident: IncidentRow,
  by: IncidentEnd,
): Promise<boolean> {
  if (!(await deleteIncident(sql, incident))) return false
  const spreadMs = releaseSpread * parts.timing.confirmAfterMs
  const held = { keep: false, everyone: false, spreadMs, limit: null }
  await acrossTenants(sql, () => askAnew(sql, incident, held))
  parts.logger.warn(described(incident), 'provider incident released')
  await announce(parts, sql, incident, 'released', by)
  return true
}

async function confirm(
  parts: GuardParts,
  sql: Sql,
  incident: IncidentRow,
  by: IncidentEnd,
): Promise<boolean> {
  if (!(await confirmIncident(sql, incident))) return false
  const spreadMs = confirmSpread * parts.timing.confirmAfterMs
  const all = { keep: true, everyone: true, spreadMs, limit: null }
  await acrossTenants(sql, () => askAnew(sql, incident, all))
  parts.logger.error(described(incident), 'provider incident confirmed')
  await announce(parts, sql, incident, 'confirmed', by)
  return true
}

/** Once for all of its connections: in the audit log, and to the endpoints that may receive it. */
async function announce(
  { audit }: GuardParts,
  sql: Sql,
  incident: IncidentRow,
  step: keyof typeof actions,
  by: IncidentEnd,
): Promise<void> {
  const { tenantId, id: reason } = incident
  const message = messageOfIncident(`incident.${step}`, incident)
  await acrossTenants(sql, () => insertDeliveriesOfIncident(sql, incident, message))
  await audit.write(sql, { ...by, action: actions[step], tenantId, reason, result: 'ok' })
}

const actions = {
  opened: 'incident.open',
  released: 'incident.release',
  confirmed: 'incident.confirm',
} as const

function recentAnswers(
  timing: Timing,
  sql: Sql,
  connection: GuardedConnection,
  except: GuardedConnection | null,
) {
  const query = { windowMs: timing.incidentWindowMs, limit: maxAnswers, except }
  return listAnswers(sql, connection, query)
}

const isConfirmed = (incident: IncidentRow | undefined) => incident?.confirmedAt instanceof Date

/** What the rule needs of an incident, this refusal counted. */
function factsOf(incident: IncidentRow | undefined) {
  if (incident === undefined) return null
  const { refusingForMs, refusals, confirmedAt } = incident
  return { refusingForMs, refusals: refusals + 1, confirmed: confirmedAt !== null }
}

/** For the log. */
function described({ id, tenantId, provider, host, integrationId }: IncidentRow) {
  return {
    incidentId: id,
    provider,
    host,
    integrationId,
    ...(tenantId !== installation && { tenantId }),
  }
}
