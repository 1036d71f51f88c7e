import {
  type Incident,
  type IncidentId,
  type IntegrationId,
  KeywellError,
  type TenantId,
} from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Database, Sql } from '../store/database.ts'
import { noIntegration } from '../store/integrations.ts'
import {
  findIncidentById,
  type IncidentRow,
  listIncidents,
  lockAnswers,
} from '../store/provider-incidents.ts'
import { everyTenant, installation, withInstallation } from '../store/scope.ts'
import type { IncidentGuard } from './incident-guard.ts'

/** Incidents of providers, for an operator who knows more than the answers say. */
export interface Incidents {
  /** Open and confirmed ones of all tenants, the oldest first. */
  list(): Promise<Incident[]>
  /**
   * What was held is asked again.
   *
   * @throws KeywellError `not_found` when it is over already
   */
  release(id: string, by: Actor): Promise<Incident>
  /**
   * What is refused ends.
   *
   * @throws KeywellError `not_found` when it is over already, `conflict` when it was confirmed before
   */
  confirm(id: string, by: Actor): Promise<Incident>
}

export function createIncidents(parts: {
  database: Database
  incidentGuard: IncidentGuard
}): Incidents {
  const { database, incidentGuard } = parts

  /** Decides in a transaction of the incident's owner. */
  async function decide(
    id: string,
    decision: (sql: Sql, incident: IncidentRow) => Promise<boolean>,
  ): Promise<Incident> {
    const found = await findIncidentById(database.of(everyTenant), id)
    if (found === undefined) throw over()
    return database.transaction(withInstallation(found.tenantId), async (sql) => {
      await lockAnswers(sql, found)
      if (!(await decision(sql, found))) throw over()
      // One that was released is gone, and is shown as it was.
      return view((await findIncidentById(sql, id)) ?? found)
    })
  }

  return {
    list: async () => (await listIncidents(database.of(everyTenant))).map(view),
    release: (id, by) => decide(id, (sql, incident) => incidentGuard.release(sql, incident, by)),
    confirm: (id, by) =>
      decide(id, (sql, incident) => {
        if (incident.confirmedAt !== null) {
          throw new KeywellError('conflict', 'This incident was confirmed before.')
        }
        return incidentGuard.confirm(sql, incident, by)
      }),
  }
}

function over(): KeywellError {
  return new KeywellError('not_found', 'There is no such incident, or it is over.', {
    nextStep: 'List the incidents that there are: GET /v1/incidents.',
  })
}

/** Ids are as we have written them; the row is the proof. */
function view(row: IncidentRow): Incident {
  return {
    id: row.id as IncidentId,
    provider: row.provider,
    host: row.host,
    integrationId:
      row.integrationId === noIntegration ? null : (row.integrationId as IntegrationId),
    tenantId: row.tenantId === installation ? null : (row.tenantId as TenantId),
    beganAt: row.beganAt.toISOString(),
    confirmedAt: row.confirmedAt?.toISOString() ?? null,
    refusals: row.refusals,
  }
}
