import { keyOf } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Logger } from '../logger.ts'
import type { FlowRow } from '../store/flows.ts'
import type { SessionPolicy } from '../store/sessions.ts'
import type { Vault } from '../vault/vault.ts'
import { type ConnectKeyParts, connectKey } from './connect-key.ts'
import { confirmEntryOf, type EndFlow } from './end-flow.ts'
import { requireFlowAllowed } from './flow-record.ts'
import { decodeFields } from './key-fields.ts'
import { takeParked } from './park-code.ts'
import { readTyped } from './read-typed.ts'
import { requireKeyWithin } from './scope-policy.ts'
import { ownerOfSession } from './session-request.ts'

export interface KeepKeyParts extends ConnectKeyParts {
  catalogue: Catalogue
  vault: Vault
  logger: Logger
  endFlow: EndFlow
  audit: Audit
}

/**
 * From a parked key to a stored connection. The provider is asked about the key once more, so that what is
 * stored is what it says now.
 *
 * @throws KeywellError when there is none, and the flow has to be ended
 */
export async function keepKey(
  parts: KeepKeyParts,
  { flow, policy, actor }: { flow: FlowRow; policy: SessionPolicy; actor: Actor },
): Promise<void> {
  const { audit, catalogue, database, endFlow } = parts
  const { tenantId, host } = flow
  const provider = catalogue.get(tenantId, flow.provider)
  const entry = confirmEntryOf(flow, actor)
  await requireFlowAllowed({ database, catalogue }, flow)
  const taken = await takeParked(parts, flow)
  if (taken === undefined) return
  await audit.write(database.of(tenantId), { ...entry, result: 'intent' })
  try {
    const method = keyOf(provider, flow.method)
    // A definition may have changed since.
    const read = await readTyped({ provider, method, host }, decodeFields(taken.parked))
    if ('refusal' in read) throw read.refusal
    const key = { provider, method, host, fields: read.fields, tenantId }
    await connectKey(parts, key, {
      place: { ...flow, userId: ownerOfSession({ ...flow, policy }) },
      askedScopes: flow.scopes,
      allowAccountChange: policy.allowAccountChange,
      entry,
      check: ({ scopes }) => requireKeyWithin(policy, provider, method, scopes),
      also: (sql, { id }) => endFlow.connected(sql, flow, id),
    })
  } catch (error) {
    await endFlow.unlessStored(flow, error, actor)
  }
}
