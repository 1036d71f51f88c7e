import { finalFlowStatuses, KeywellError, Secret } from '@keywell/protocol'
import { findMethod, isTyped } from '@keywell/providers'
import type { Catalogue } from '../catalogue.ts'
import { knownHost } from '../host.ts'
import type { Logger } from '../logger.ts'
import { requireAllowedFor } from '../policy/tenant-policies.ts'
import type { Database, Sql } from '../store/database.ts'
import { type BoundFlow, endFlow, type FlowRow, findFlow } from '../store/flows.ts'
import { type RecordContext, type Vault, VaultError } from '../vault/vault.ts'

/**
 * The context that the secrets of a flow are sealed for; the caller adds the field. If the row is altered,
 * neither of them opens. `sealed-records.ts` lists the same columns for the rotation of keys.
 */
export function flowContext(flow: BoundFlow): Omit<RecordContext, 'field'> {
  return {
    type: 'flow',
    tenantId: flow.tenantId,
    recordId: flow.id,
    generation: 0,
    schema: 1,
    bound: [
      flow.sessionId,
      flow.userId,
      flow.provider,
      flow.host,
      flow.connectionName,
      flow.connectionId ?? '',
      flow.integrationOwner,
      flow.integrationId,
      flow.clientId,
      flow.redirectUri,
      flow.method,
      flow.mode,
      flow.resumeUrl ?? '',
      Buffer.from(flow.bindingHash ?? []).toString('hex'),
      String(flow.expiresAt.getTime()),
      ...flow.scopes,
    ],
  }
}

/** Seals the PKCE verifier (RFC 7636) for the row as it is now. A flow by a key has one for this alone. */
export async function sealVerifier(
  vault: Vault,
  flow: BoundFlow,
  verifier: string,
): Promise<{ sealedVerifier: Uint8Array; keyVersion: number }> {
  const context = { ...flowContext(flow), field: 'verifier' }
  const { sealed, keyVersion } = await vault.seal(context, new TextEncoder().encode(verifier))
  return { sealedVerifier: sealed, keyVersion }
}

/**
 * Opens one of a flow's secrets. This proves that the row has the user, session, host and so on that the
 * service wrote.
 *
 * @throws KeywellError `flow_mismatch` when the row was altered, after an alarm
 */
export async function openFlowSecret(
  { vault, logger }: { vault: Pick<Vault, 'open'>; logger: Logger },
  flow: BoundFlow,
  { field, sealed }: { field: 'verifier' | 'parked_code'; sealed: Uint8Array },
): Promise<Secret> {
  try {
    const body = await vault.open({ ...flowContext(flow), field }, sealed)
    return new Secret(new TextDecoder().decode(body))
  } catch (cause) {
    // Without the encryption key it is not known whether the row was altered.
    if (!(cause instanceof VaultError) || cause.reason === 'key_unavailable') throw cause
    const { tenantId, id: flowId } = flow
    const { reason } = cause
    logger.error({ alarm: 'flow_altered', tenantId, flowId, reason }, 'flow altered')
    throw new KeywellError('flow_mismatch', 'The stored attempt was altered.', {
      cause,
      nextStep: 'Begin again.',
    })
  }
}

/**
 * The row of a flow is as the service wrote it. An ended flow has no secret any more, and is not checked.
 *
 * @throws KeywellError `flow_mismatch` when the row was altered, after an alarm
 */
export async function requireUnaltered(
  parts: { vault: Pick<Vault, 'open'>; logger: Logger },
  flow: FlowRow,
): Promise<void> {
  const { sealedVerifier: sealed } = flow
  if (sealed !== null) await openFlowSecret(parts, flow, { field: 'verifier', sealed })
}

export function flowOver(): KeywellError {
  return new KeywellError('flow_expired', 'This attempt was cancelled or has expired.')
}

/** Whether the service's own form asks for a key, in place of the provider's page. */
export function isByKey(parts: { catalogue: Catalogue }, flow: FlowRow): boolean {
  return kindOf(parts, flow) === 'key'
}

/** What a flow's user does: types a key, consents, or installs the app. */
export function kindOf(
  { catalogue }: { catalogue: Catalogue },
  flow: FlowRow,
): 'key' | 'consent' | 'installation' {
  const method = findMethod(catalogue.get(flow.tenantId, flow.provider), flow.method)
  if (method?.kind === 'installation') return 'installation'
  return method !== undefined && isTyped(method) ? 'key' : 'consent'
}

/**
 * Reads a flow. One whose time is over is ended first, so that the status that is returned stays true.
 *
 * @throws KeywellError `not_found`
 */
export async function readFlow(sql: Sql, tenantId: string, id: string): Promise<FlowRow> {
  const flow = await findFlow(sql, tenantId, id)
  if (flow === undefined) throw new KeywellError('not_found', `There is no flow ${id}.`)
  if (flow.live || (finalFlowStatuses as readonly string[]).includes(flow.status)) return flow
  await endFlow(sql, { tenantId, id, status: 'expired' })
  return (await findFlow(sql, tenantId, id)) ?? flow
}

/**
 * Checked again, because the policy may be narrower than when the flow was made.
 *
 * @throws KeywellError `not_allowed_for_tenant`
 */
export async function requireFlowAllowed(
  { database, catalogue }: { database: Database; catalogue: Catalogue },
  flow: FlowRow,
): Promise<void> {
  const { tenantId, scopes } = flow
  const provider = catalogue.get(tenantId, flow.provider)
  const host = knownHost(provider, flow.host)
  await requireAllowedFor(database.of(tenantId), tenantId, { provider, host, scopes })
}
