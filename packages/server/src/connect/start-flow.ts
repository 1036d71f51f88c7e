import { KeywellError } from '@keywell/protocol'
import { appOf } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import { authorizationUrl } from '../oauth/client.ts'
import { installUrl } from '../oauth/installation.ts'
import { noteRefusal } from '../policy/tenant-policies.ts'
import * as store from '../store/flows.ts'
import { installation } from '../store/scope.ts'
import type { SessionRow } from '../store/sessions.ts'
import { beginDevice } from './begin-device.ts'
import { type FlowParts, flowLifeMs } from './create-flow.ts'
import { deviceFormUrl } from './device-form-view.ts'
import { isByDevice } from './device-record.ts'
import {
  flowOver,
  isByKey,
  openFlowSecret,
  requireFlowAllowed,
  sealVerifier,
} from './flow-record.ts'
import { keyFormUrl } from './key-form-view.ts'
import { hashSecretText, makeSecretText } from './one-time-code.ts'

export interface StartedFlow {
  flowId: string
  bindingSecret: string
  cookieLifeMs: number
  /** Of the provider's page; with a key, of the service's own form. */
  location: URL
}

export async function startFlow(
  parts: FlowParts,
  { startCode, origin, actor, requestId }: { startCode: string; origin: string | null } & Actor,
): Promise<StartedFlow> {
  const { database, vault, sessions, codes, audit, randomBytes } = parts
  const flow = await codes.redeem('start', startCode)
  if (flow === undefined) {
    throw new KeywellError('flow_expired', 'This start code was used already or has expired.')
  }
  if (flow.sealedVerifier === null) throw flowOver()
  const sealed = { field: 'verifier', sealed: flow.sealedVerifier } as const
  const verifier = await openFlowSecret(parts, flow, sealed)
  const { tenantId, userId } = flow
  const session = await sessions.read(tenantId, flow.sessionId)
  const entry = { tenantId, userId, actor, requestId, action: 'flow.start' } as const
  if (origin === null || !pagesOf(session, parts.publicUrl).includes(origin)) {
    await audit.write(database.of(tenantId), { ...entry, result: 'denied', reason: 'origin' })
    throw originNotAllowed(origin)
  }
  await noteRefusal(parts, entry, () => requireFlowAllowed(parts, flow))
  const bindingSecret = makeSecretText(randomBytes)
  const bound = { ...flow, bindingHash: hashSecretText(bindingSecret) }
  const resealed = await sealVerifier(vault, bound, verifier.expose())
  if (!(await store.startFlow(database.of(tenantId), { ...bound, ...resealed }))) throw flowOver()
  const issued = { purpose: 'state', lifeMs: flowLifeMs } as const
  const state = await codes.issue(database.of(installation), flow, issued)
  await audit.write(database.of(tenantId), { ...entry, result: 'ok' })
  await store.notifyFlow(database.of(tenantId), flow.id)
  const started = { ...bound, status: 'started' } as const
  const location = await pageOf(parts, started, { state, verifier, by: { actor, requestId } })
  return { flowId: flow.id, bindingSecret, cookieLifeMs: flowLifeMs, location }
}

/** Where the browser goes on. */
async function pageOf(
  parts: FlowParts,
  flow: store.FlowRow,
  secrets: ConsentSecrets & { by: Actor },
): Promise<URL> {
  if (isByKey(parts, flow)) return keyFormUrl(parts.publicUrl, secrets.state)
  if (!isByDevice(parts, flow)) return consentUrl(parts, flow, secrets)
  await beginDevice(parts, flow, secrets.by).catch((error: unknown) => {
    // The flow has ended: its page leads back to the app, which reads why.
    if (!(error instanceof KeywellError)) throw error
  })
  return deviceFormUrl(parts.publicUrl, secrets.state)
}

type ConsentSecrets = Pick<Parameters<typeof authorizationUrl>[0], 'state' | 'verifier'>

/** Origins of the pages that may start a flow of the session: those of the app, or the service's own page of a link. */
function pagesOf({ policy }: SessionRow, publicUrl: string): readonly string[] {
  return policy.link === undefined ? policy.origins : [new URL(publicUrl).origin]
}

/** The provider's page. */
async function consentUrl(
  { catalogue, integrations }: Pick<FlowParts, 'catalogue' | 'integrations'>,
  flow: store.FlowRow,
  { state, verifier }: ConsentSecrets,
): Promise<URL> {
  const { clientId, redirectUri, scopes } = flow
  const variables = await integrations.variables(flow)
  const app = { variables, clientId, redirectUri, scopes }
  const provider = catalogue.get(flow.tenantId, flow.provider)
  const method = appOf(provider, flow.method)
  return method.kind === 'installation'
    ? installUrl(method, variables, state)
    : authorizationUrl({ provider, method, ...app, state, verifier })
}

function originNotAllowed(origin: string | null): KeywellError {
  return new KeywellError(
    'origin_not_allowed',
    origin === null || origin === 'null'
      ? 'The form was sent without an Origin header, so its page is unknown.'
      : `The form was sent from ${origin}, which this connect session does not allow.`,
  )
}
