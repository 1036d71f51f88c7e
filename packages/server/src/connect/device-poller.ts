import { type After, createLoop, type Loop } from '../clock.ts'
import type { Timing } from '../refresh/timing.ts'
import { claimDevicePolls, type DevicePollRow } from '../store/device-polls.ts'
import { everyTenant } from '../store/scope.ts'
import { type PollDeviceParts, pollDevice } from './poll-device.ts'

/** Polls at once. */
const maxRunning = 32
/** How long a claim holds, in milliseconds: a poll, a look at the account, and what is stored. */
const leaseMs = 60_000

export interface DevicePollerParts extends PollDeviceParts {
  after: After
  timing: Pick<Timing, 'pollMs'>
}

/** Polls for the device codes of all tenants. Any number of pollers may run, in any number of processes. */
export function createDevicePoller(parts: DevicePollerParts): Loop {
  const running = new Set<Promise<void>>()
  const loop = createLoop(() => claimSome(parts, running), parts.timing.pollMs, parts.after)
  return {
    start: loop.start,
    async stop() {
      await loop.stop()
      await Promise.all(running)
    },
  }
}

/** Never rejects: a loop may not throw. */
async function claimSome(parts: DevicePollerParts, running: Set<Promise<void>>): Promise<void> {
  const limit = maxRunning - running.size
  if (limit === 0) return
  try {
    const sql = parts.database.of(everyTenant)
    for (const claim of await claimDevicePolls(sql, { leaseMs, limit })) {
      const done = carryOut(parts, claim).finally(() => running.delete(done))
      running.add(done)
    }
  } catch (error) {
    parts.logger.warn({ reason: String(error) }, 'device claim failed')
  }
}

/** Never rejects: the flow is polled for again when its lease is over. */
async function carryOut(parts: DevicePollerParts, claim: DevicePollRow): Promise<void> {
  try {
    await pollDevice(parts, claim)
  } catch (error) {
    const { tenantId, flowId } = claim
    parts.logger.error({ tenantId, flowId, reason: String(error) }, 'device poll aborted')
  }
}
