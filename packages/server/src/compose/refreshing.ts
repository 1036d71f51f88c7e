import { createHealth, type Health } from '../health/health.ts'
import type { FaultPoint } from '../refresh/fault-point.ts'
import { createIncidentGuard, type IncidentGuard } from '../refresh/incident-guard.ts'
import { createIncidents, type Incidents } from '../refresh/incidents.ts'
import { createRefresher, type Refresher } from '../refresh/refresh.ts'
import { createWorker, type Worker } from '../refresh/worker.ts'
import type { Platform } from './platform.ts'
import type { Shared } from './shared.ts'

/** What keeps credentials valid. */
export interface Refreshing {
  incidents: Incidents
  refresher: Refresher
  health: Health
  worker: Worker
}

export function createRefreshing(
  platform: Platform,
  shared: Shared,
  { faultPoint, auditRefreshes }: { faultPoint: FaultPoint; auditRefreshes: boolean },
): Refreshing {
  const { database, logger, metrics, tracing, makeId } = platform
  const { versions } = shared.definitions
  const { jitter, sleep, after, timing, processId } = platform
  const { box, integrations, outbound, audit, suspension } = shared
  const incidentGuard = createIncidentGuard({ audit, logger, makeId, timing })
  const refresher = createRefresher({
    versions,
    database,
    box,
    integrations,
    outbound,
    audit,
    suspension,
    incidentGuard,
    logger,
    metrics,
    tracing,
    jitter,
    sleep,
    after,
    timing,
    faultPoint,
    auditRefreshes,
    processId,
  })
  const health = createHealthChecks(platform, shared, incidentGuard)
  const { check } = health
  const { hosts } = outbound
  return {
    incidents: createIncidents({ database, incidentGuard }),
    refresher,
    health,
    worker: createWorker({
      database,
      refresher,
      check,
      hosts,
      logger,
      metrics,
      after,
      timing,
      jitter,
      processId,
    }),
  }
}

function createHealthChecks(
  { database, logger, metrics, tracing, jitter, timing }: Platform,
  { box, outbound, audit, definitions: { versions } }: Shared,
  incidentGuard: IncidentGuard,
): Health {
  return createHealth({
    versions,
    database,
    box,
    outbound,
    audit,
    incidentGuard,
    logger,
    metrics,
    tracing,
    jitter,
    timing,
  })
}
