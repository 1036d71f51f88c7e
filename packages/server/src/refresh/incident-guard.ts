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

/** Why an incident ends, or is believed: by the provider's answers, or at an operator's word. */
export interface IncidentEnd {
  actor: string
  requestId?: string | undefined
}

/**
 * Stands between a provider's word and the end of a connection: when everybody is refused, nobody ends. All that it
 * knows is in the database, so that any number of replicas see the same.
 */
export interface IncidentGuard {
  /** To be asked in the transaction that would end the connection, and before any of its rows is written. */
  decide(
    sql: Sql,
    connection: GuardedConnection,
    attempt: { claim: Pick<Claim, 'refusedForMs' | 'lastRefusedForMs'>; elapsedMs: number },
  ): Promise<RefusalDecision['do']>
  /** Whether an incident covers the connection that is not confirmed. */
  isHeld(sql: Sql, connection: GuardedConnection): Promise<boolean>
  /** To be told, in the transaction that writes it, that the provider took one while there is an incident. */
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

export function createIncidentGuard(parts: {
  audit: Audit
  logger: Logger
  makeId: MakeId
  timing: Timing
}): IncidentGuard {
  const { audit, logger, timing } = parts

  function answers(sql: Sql, connection: GuardedConnection, except: GuardedConnection | null) {
    const query = { windowMs: timing.incidentWindowMs, limit: maxAnswers, except }
    return listAnswers(sql, connection, query)
  }

  async function open(
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
    logger.error({ alarm, ...described(incident) }, 'provider incident opened')
    await announce(sql, incident, 'incident.opened', { ...service, action: 'incident.open' })
  }

  /** Once for all of its connections: in the audit log, and to the endpoints that may receive it. */
  async function announce(
    sql: Sql,
    incident: IncidentRow,
    event: `incident.${'opened' | 'released' | 'confirmed'}`,
    entry: IncidentEnd & { action: `incident.${'open' | 'release' | 'confirm'}` },
  ): Promise<void> {
    const { tenantId, id: reason } = incident
    const message = messageOfIncident(event, incident)
    await acrossTenants(sql, () => insertDeliveriesOfIncident(sql, incident, message))
    await audit.write(sql, { ...entry, tenantId, reason, result: 'ok' })
  }

  const incidentGuard: IncidentGuard = {
    async decide(sql, connection, { claim, elapsedMs }) {
      if (timing.incidentWindowMs === 0) return 'end'
      // A removal that is known to be true needs no turn: its connections end side by side.
      if (isConfirmed(await findIncident(sql, connection))) return 'end'
      await lockAnswers(sql, connection)
      const incident = await findIncident(sql, connection)
      const known = await acrossTenants(sql, async () => ({
        connections: await countAnswering(sql, connection, incidentLimits.refusals + 1),
        answers: incident === undefined ? await answers(sql, connection, connection) : [],
      }))
      const decision = decideRefusal(
        {
          ...known,
          tenantId: connection.tenantId,
          refusedForMs: claim.refusedForMs,
          lastRefusedForMs: claim.lastRefusedForMs,
          attemptMs: elapsedMs,
          incident: incident === undefined ? null : asKnown(incident),
        },
        timing,
      )
      if (incident !== undefined) await countRefusal(sql, incident)
      if (decision.do === 'wait') {
        await acrossTenants(sql, () => lookAtOthers(sql, connection, decision.others))
      }
      if (decision.do === 'hold' && decision.opens !== null)
        await open(sql, connection, decision.opens)
      if (decision.do === 'end' && decision.confirms && incident !== undefined) {
        await incidentGuard.confirm(sql, incident, service)
      }
      return decision.do
    },

    async isHeld(sql, connection) {
      const incident = await findIncident(sql, connection)
      return incident !== undefined && !isConfirmed(incident)
    },

    async answeredWell(sql, connection) {
      await lockAnswers(sql, connection)
      const incident = await findIncident(sql, connection)
      if (incident === undefined || isConfirmed(incident)) return
      const known = await acrossTenants(sql, () => answers(sql, connection, null))
      if (!areRefused(known, incident.tenantId === installation ? allTenants : connection)) {
        await incidentGuard.release(sql, incident, service)
        return
      }
      await restartRefusals(sql, incident)
      const next = { keep: true, everyone: true, spreadMs: 0, limit: nextAsked }
      await acrossTenants(sql, () => askAnew(sql, incident, next))
    },

    async release(sql, incident, by) {
      if (!(await deleteIncident(sql, incident))) return false
      const held = {
        keep: false,
        everyone: false,
        spreadMs: releaseSpread * timing.confirmAfterMs,
        limit: null,
      }
      await acrossTenants(sql, () => askAnew(sql, incident, held))
      logger.warn(described(incident), 'provider incident released')
      await announce(sql, incident, 'incident.released', { ...by, action: 'incident.release' })
      return true
    },

    async confirm(sql, incident, by) {
      if (!(await confirmIncident(sql, incident))) return false
      const all = {
        keep: true,
        everyone: true,
        spreadMs: confirmSpread * timing.confirmAfterMs,
        limit: null,
      }
      await acrossTenants(sql, () => askAnew(sql, incident, all))
      logger.error(described(incident), 'provider incident confirmed')
      await announce(sql, incident, 'incident.confirmed', { ...by, action: 'incident.confirm' })
      return true
    },
  }
  return incidentGuard
}

const isConfirmed = (incident: IncidentRow | undefined) => incident?.confirmedAt instanceof Date

const asKnown = ({ refusingForMs, refusals, confirmedAt }: IncidentRow) => ({
  refusingForMs,
  refusals: refusals + 1,
  confirmed: confirmedAt !== null,
})

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
