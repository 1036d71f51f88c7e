import { createDisconnector, type Disconnector } from '../credentials/disconnect.ts'
import { createTenants, type Tenants } from '../tenants/erase.ts'
import type { Platform } from './platform.ts'
import type { Shared } from './shared.ts'

/** What removes connections, their grants and whole tenants. */
export interface Removal {
  disconnector: Disconnector
  tenants: Tenants
}

export function createRemoval(platform: Platform, shared: Shared): Removal {
  const { catalogue, database, vault, logger, metrics, makeId, sleep, monotonic } = platform
  const { box, integrations, outbound, audit, suspension } = shared
  const disconnector = createDisconnector({
    catalogue,
    versions: shared.definitions.versions,
    database,
    box,
    integrations,
    outbound,
    audit,
    suspension,
    logger,
    metrics,
    makeId,
    sleep,
  })
  const tenants = createTenants({
    catalogue,
    database,
    vault,
    audit,
    disconnector,
    logger,
    monotonic,
  })
  return { disconnector, tenants }
}
