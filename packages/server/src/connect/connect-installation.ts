import { KeywellError } from '@keywell/protocol'
import { appOf, reachOf } from '@keywell/providers'
import type { Registration } from '../oauth/client.ts'
import { installationFields } from '../oauth/installation.ts'
import { findInstallation, type ListedInstallation } from '../oauth/list-installations.ts'
import { mintToken } from '../oauth/mint.ts'
import type { Granted } from '../oauth/token-answer.ts'
import { ofTenant } from '../store/connections.ts'
import { confirmEntryOf } from './end-flow.ts'
import { type Exchange, type ExchangeParts, grantFor, requireClientOfFlow } from './exchange.ts'
import { mintRefusal } from './first-token.ts'
import { requireFlowAllowed } from './flow-record.ts'
import { readParkedInstallation, takeParked } from './park-code.ts'

/** An app at its provider, and one of its installations. */
interface Installed {
  app: Registration
  id: string
}

/**
 * From a parked code and the id of an installation to a stored connection of the tenant. The id proves nothing: it is
 * taken only if the list of the user who came back has it. Their token is used for nothing else, and is withdrawn.
 *
 * @throws KeywellError when there is none, and the flow has to be ended
 */
export async function connectInstallation(parts: ExchangeParts, request: Exchange): Promise<void> {
  const { flow, policy, actor } = request
  await requireFlowAllowed(parts, flow)
  requireTenantOwner(policy)
  const taken = await takeParked(parts, flow)
  if (taken === undefined) return
  const { code, installation: id } = readParkedInstallation(taken.parked)
  const { registration: app, granted } = await grantFor(parts, request, {
    code,
    verifier: taken.verifier,
  })
  try {
    const listed = await listedFor(parts, request, { app, id }, granted)
    await mintAndStore(parts, request, { app, id }, listed)
  } catch (error) {
    await parts.endFlow.unlessStored(flow, error, actor)
  }
}

/** Checked where the flow was planned; here it decides whose the connection is. */
function requireTenantOwner({ owner }: Exchange['policy']): void {
  if (owner === 'tenant') return
  throw new KeywellError('method_not_offered', 'An installation belongs to a tenant.')
}

/** @throws KeywellError `flow_mismatch` for an installation that the user may not name */
async function listedFor(
  { outbound, disconnector }: ExchangeParts,
  { flow }: Exchange,
  { app, id }: Installed,
  { tokens }: Granted,
): Promise<ListedInstallation> {
  const method = methodOf(app)
  const kept = { ...tokens, reach: reachOf(app.provider, method, app.variables) }
  const sending = { tenantId: flow.tenantId }
  try {
    const found = await findInstallation(outbound, { app, method, tokens: kept, sending }, id)
    if (found !== undefined) return found
    throw new KeywellError(
      'flow_mismatch',
      `The ${app.provider.title} user who came back may not name that installation.`,
      { nextStep: 'Install the app with an account that administers it, and connect again.' },
    )
  } finally {
    await disconnector.withdrawGrant({ ...flow, method: app.method.id }, app, kept)
  }
}

async function mintAndStore(
  { outbound, storeConnection, suspension, endFlow }: ExchangeParts,
  { flow, policy, actor }: Exchange,
  { app, id }: Installed,
  { account, details }: ListedInstallation,
): Promise<void> {
  const { provider, variables } = app
  const method = methodOf(app)
  const fields = installationFields(id)
  const reach = reachOf(provider, method, variables)
  const seed = { provider, method, variables, fields, reach, app }
  const outcome = await mintToken(outbound, seed, { tenantId: flow.tenantId })
  if (outcome.kind !== 'tokens') throw mintRefusal(outcome, { ...app, title: method.title })
  await storeConnection({
    place: { ...flow, userId: ofTenant },
    provider,
    account,
    method,
    tokens: { ...outcome.tokens, fields, reach },
    expiresInMs: outcome.expiresInMs,
    refreshExpiresInMs: null,
    askedScopes: [],
    scopes: [],
    installation: { id, ...(outcome.details ?? details) },
    allowAccountChange: policy.allowAccountChange,
    entry: confirmEntryOf(flow, actor),
    also: async (sql, { id: connectionId }) => {
      await requireClientOfFlow(sql, flow)
      await endFlow.connected(sql, flow, connectionId)
      await suspension.clear(sql, flow, actor)
    },
  })
}

function methodOf({ provider, appMethod }: Registration) {
  const method = appOf(provider, appMethod.id)
  if (method.kind === 'installation') return method
  throw new TypeError('invariant: a flow of an installation')
}
