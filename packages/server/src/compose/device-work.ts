import type { Loop } from '../clock.ts'
import { createDeviceGrants, type DeviceGrants } from '../connect/device-grants.ts'
import { createDevicePoller } from '../connect/device-poller.ts'
import type { Platform } from './platform.ts'
import type { Removal } from './removal.ts'
import type { Shared } from './shared.ts'

/** What polls for device codes, and keeps what the polls bring until it is confirmed. */
export interface DeviceWork {
  grants: DeviceGrants
  poller: Loop
}

export function createDeviceWork(
  { database, vault, logger, makeId, after, timing }: Platform,
  { audit, box, integrations, outbound, suspension }: Shared,
  { disconnector }: Removal,
): DeviceWork {
  const grants = createDeviceGrants({ database, box, makeId })
  const poller = createDevicePoller({
    database,
    vault,
    logger,
    outbound,
    integrations,
    suspension,
    audit,
    grants,
    disconnector,
    after,
    timing,
  })
  return { grants, poller }
}
