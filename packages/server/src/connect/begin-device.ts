import { KeywellError } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Logger } from '../logger.ts'
import { type DeviceCode, requestDeviceCode } from '../oauth/device.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { Suspension } from '../oauth/suspension.ts'
import { exchangeError } from '../oauth/token-error.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { readClock } from '../store/census.ts'
import type { Database } from '../store/database.ts'
import { insertDevicePoll } from '../store/device-polls.ts'
import { endFlow, type FlowRow, keepDeviceCode, notifyFlow } from '../store/flows.ts'
import type { Vault } from '../vault/vault.ts'
import { encodeWaiting } from './device-record.ts'
import { flowErrorOf } from './end-flow.ts'
import { requireSameClient, suspendRejected } from './exchange.ts'
import { flowOver } from './flow-record.ts'
import { sealCode } from './park-code.ts'

export interface BeginDeviceParts {
  database: Database
  vault: Vault
  logger: Logger
  outbound: Outbound
  integrations: Pick<Integrations, 'registration'>
  suspension: Suspension
  audit: Audit
}

/** What is left of a flow for its confirmation when a code is approved in its last second, in milliseconds. */
const confirmReserveMs = 60_000

/**
 * Asks the provider for a code, and has it polled for. The flow is `started` and stays so; without a code it ends.
 *
 * @throws KeywellError `provider_error`, `integration_missing`; `flow_expired` when the flow has ended meanwhile
 */
export async function beginDevice(
  parts: BeginDeviceParts,
  flow: FlowRow,
  by: Actor,
): Promise<{ code: DeviceCode; expiresAt: Date }> {
  try {
    return await begin(parts, flow, by)
  } catch (error) {
    if (error instanceof KeywellError) await endRefused(parts, flow, by, error)
    throw error
  }
}

async function begin(
  parts: BeginDeviceParts,
  flow: FlowRow,
  { actor }: Actor,
): Promise<{ code: DeviceCode; expiresAt: Date }> {
  const { database, vault, outbound, integrations } = parts
  const { tenantId, id, scopes } = flow
  const registration = await integrations.registration(flow)
  requireSameClient(flow, registration)
  const asked = await requestDeviceCode(outbound, registration, { scopes, sending: { tenantId } })
  if ('refused' in asked) {
    await suspendRejected(parts, flow, { registration, actor }, asked.refused)
    throw exchangeError(registration.provider.title, asked.refused)
  }
  const { code } = asked
  const now = await readClock(database.of(tenantId))
  const lastAt = flow.expiresAt.getTime() - confirmReserveMs
  const expiresAt = new Date(Math.min(now + code.expiresInMs, lastAt))
  const { sealed: sealedCode, keyVersion } = await sealCode(vault, flow, encodeWaiting(code))
  await database.transaction(tenantId, async (sql) => {
    if (!(await keepDeviceCode(sql, { tenantId, id, sealedCode, keyVersion }))) throw flowOver()
    await insertDevicePoll(sql, { ...code, tenantId, flowId: id, expiresAt })
    await notifyFlow(sql, id)
  })
  return { code, expiresAt }
}

async function endRefused(
  { database, audit }: BeginDeviceParts,
  flow: FlowRow,
  { actor, requestId }: Actor,
  error: KeywellError,
): Promise<void> {
  const { tenantId, id, userId } = flow
  const entry = { tenantId, userId, actor, requestId, action: 'device.start' } as const
  await database.transaction(tenantId, async (sql) => {
    await endFlow(sql, { tenantId, id, status: 'failed', error: flowErrorOf(error) })
    await audit.write(sql, { ...entry, result: 'denied', reason: error.code })
    await notifyFlow(sql, id)
  })
}
