import { KeywellError } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import { readClock } from '../store/census.ts'
import type { FlowRow } from '../store/flows.ts'
import { isClientOfIntegration } from '../store/integrations.ts'
import type { SessionPolicy } from '../store/sessions.ts'
import type { DeviceGrants } from './device-grants.ts'
import { decodeGrant } from './device-record.ts'
import { confirmEntryOf } from './end-flow.ts'
import { clientChanged, type ExchangeParts, requirePlace, requireSameClient } from './exchange.ts'
import { requireFlowAllowed } from './flow-record.ts'
import { takeParked } from './park-code.ts'
import { ownerOfSession } from './session-request.ts'

export interface KeepGrantParts extends ExchangeParts {
  grants: DeviceGrants
}

/**
 * From the grant of a device code, whose account was confirmed, to a stored connection. One that is not stored is
 * withdrawn at the provider, with the end of its flow.
 *
 * @throws KeywellError when there is none, and the flow has to be ended
 */
export async function keepGrant(
  parts: KeepGrantParts,
  { flow, policy, actor }: { flow: FlowRow; policy: SessionPolicy; actor: Actor },
): Promise<void> {
  const { audit, database, endFlow, grants, integrations, storeConnection, suspension } = parts
  const { tenantId } = flow
  await requireFlowAllowed(parts, flow)
  const taken = await takeParked(parts, flow)
  if (taken === undefined) return
  const entry = confirmEntryOf(flow, actor)
  await audit.write(database.of(tenantId), { ...entry, result: 'intent' })
  try {
    const { grantId, account, host, scopes, ...ends } = decodeGrant(taken.parked)
    if (account === null) throw new KeywellError('flow_mismatch', 'Nobody has approved the code.')
    const { provider, method, ...registration } = await integrations.registration(flow)
    requireSameClient(flow, registration)
    requirePlace(flow, policy, provider, host)
    const now = await readClock(database.of(tenantId))
    const leftMs = (at: number | null) => (at === null ? null : Math.max(at - now, 0))
    await storeConnection({
      place: { ...flow, host, userId: ownerOfSession({ ...flow, policy }) },
      provider,
      account,
      method,
      tokens: await grants.open(flow, grantId),
      expiresInMs: leftMs(ends.expiresAt),
      refreshExpiresInMs: leftMs(ends.refreshExpiresAt),
      askedScopes: flow.scopes,
      scopes,
      allowAccountChange: policy.allowAccountChange,
      entry,
      also: async (sql, { id }) => {
        if (!(await isClientOfIntegration(sql, flow))) throw clientChanged()
        await grants.take(sql, flow, grantId)
        await endFlow.connected(sql, flow, id)
        await suspension.clear(sql, flow, actor)
      },
    })
  } catch (error) {
    await endFlow.unlessStored(flow, error, actor)
  }
}
