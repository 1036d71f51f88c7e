import { type AppMethod, KeywellError } from '@keywell/protocol'
import { appOf, consentOf } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import { readCallback } from '../oauth/client.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { forgeryIn } from '../oauth/signed-callback.ts'
import type { Sql } from '../store/database.ts'
import * as store from '../store/flows.ts'
import {
  type Entry,
  findFlowByState,
  isOfBrowser,
  type ReadBindingSecret,
  type ReturnParts,
  refuseFlow,
  requireUnalteredRows,
  sendBack,
  waitForAppMs,
} from './browser-return.ts'
import { isByDevice } from './device-record.ts'
import { withInstallation } from './installation-callback.ts'
import {
  type CallbackAnswer,
  codeLifetimeMs,
  flowMismatch,
  hashCode,
  parkCode,
  type SealedCode,
  sealCode,
  textToPark,
} from './park-code.ts'

/** Codes of other browsers that are remembered for a flow. With one more the flow ends. */
const maxRefusedCodes = 16

interface CallbackRequest extends Actor {
  integrationId: string
  parameters: URLSearchParams
  bindingSecret: ReadBindingSecret
  /** Whether the browser says that a person came here, as opposed to a program. */
  isNavigation: boolean
}

interface CallbackParts extends ReturnParts {
  integrations: Pick<Integrations, 'registration' | 'variables'>
}

export type Callback = (request: CallbackRequest) => Promise<{ location: URL; flowId: string }>

/**
 * Step 6: the browser comes back from the provider. Everything that can be checked is checked, then
 * the code is parked. It is not exchanged before the app has said which user finished the flow. Denials and
 * errors go back to the app the same way. When the same browser comes again, it is only redirected again,
 * and the app reads the state of the flow.
 *
 * A request without the flow's cookie is refused, and the flow continues: its own browser may still come.
 * A person who was led to another user's callback could pass its address on, so a code that a browser was
 * navigated to there is refused for good. Programs that open addresses (scanners, previews) are not
 * navigations, and change nothing.
 *
 * Returns the URL for the browser: the app's return URL, with a finish ticket.
 *
 * @throws KeywellError when the flow is unknown, so that there is no URL to return to
 */
export function createCallback(parts: CallbackParts): Callback {
  return (request) => handleCallback(parts, request)
}

async function handleCallback(
  parts: CallbackParts,
  { integrationId, parameters, bindingSecret, isNavigation, actor, requestId }: CallbackRequest,
): Promise<{ location: URL; flowId: string }> {
  const { flow, state, used } = await findFlowByState(parts.codes, parameters.getAll('state'))
  const { tenantId, userId } = flow
  const entry = { tenantId, userId, actor, requestId, action: 'flow.callback' } as const
  const session = await requireUnalteredRows(parts, flow, entry)
  if (!isOfBrowser(flow, bindingSecret)) {
    await refuseBrowser(parts, flow, entry, isNavigation ? parameters.get('code') : null)
    throw new KeywellError('flow_mismatch', flowMismatch.message)
  }
  // A flow by a key has no integration, so no callback is its own.
  if (flow.integrationId !== integrationId) {
    await refuseFlow(parts, flow, entry, 'integration')
    throw new KeywellError('flow_mismatch', flowMismatch.message)
  }
  if (isByDevice(parts, flow)) {
    await refuseFlow(parts, flow, entry, 'method')
    throw new KeywellError('flow_mismatch', flowMismatch.message)
  }
  const answer = await readAnswer(parts, flow, parameters)
  // Sealed before the transaction: sealing may have to read a key, and there may be only one connection.
  const sealed =
    answer.kind === 'code' && !used
      ? await sealCode(parts.vault, flow, textToPark(answer))
      : undefined
  const location = await sendBack(parts, { flow, session, state }, (sql) =>
    recordAnswer(parts, sql, flow, entry, answer, { sealed, lifeMs: waitForAppMs(session.policy) }),
  )
  return { location, flowId: flow.id }
}

async function readAnswer(
  { catalogue, integrations }: CallbackParts,
  flow: store.FlowRow,
  parameters: URLSearchParams,
): Promise<CallbackAnswer> {
  const { method, consent } = methodsOf(catalogue, flow)
  const { callback } = consent.authorize
  if (callback !== undefined) {
    const forgery = forgeryIn(parameters, callback, await integrations.registration(flow))
    if (forgery !== undefined) return { kind: 'invalid', detail: forgery }
  }
  const variables = await integrations.variables(flow)
  const answer = readCallback({ ...flow, method: consent, variables, parameters })
  return method.kind === 'installation'
    ? withInstallation(answer, method.install, parameters)
    : answer
}

/** What a flow connects by, and how its user consents. */
function methodsOf(catalogue: CallbackParts['catalogue'], flow: store.FlowRow) {
  const provider = catalogue.get(flow.tenantId, flow.provider)
  const method: AppMethod = appOf(provider, flow.method)
  return { method, consent: consentOf(provider, method) }
}

/** @param code the code that another browser was navigated to; null: none */
async function refuseBrowser(
  { database, audit }: ReturnParts,
  flow: store.FlowRow,
  entry: Entry,
  code: string | null,
): Promise<void> {
  await database.transaction(flow.tenantId, async (sql) => {
    if (code !== null) {
      const count = await store.refuseCode(sql, { ...flow, codeHash: hashCode(code) })
      if (count > maxRefusedCodes) {
        await store.endFlow(sql, { ...flow, status: 'failed', error: flowMismatch })
        await store.notifyFlow(sql, flow.id)
      }
    }
    await audit.write(sql, { ...entry, result: 'denied', reason: 'browser' })
  })
}

async function recordAnswer(
  { audit, catalogue }: ReturnParts,
  sql: Sql,
  flow: store.FlowRow,
  entry: Entry,
  answer: CallbackAnswer,
  parking: { sealed: SealedCode | undefined; lifeMs: number },
): Promise<void> {
  const refusal = await parkCode(sql, flow, answer, {
    ...parking,
    codeLifeMs: codeLifetimeMs(methodsOf(catalogue, flow).consent),
    title: catalogue.get(flow.tenantId, flow.provider).title,
  })
  await audit.write(sql, {
    ...entry,
    ...(refusal === undefined ? { result: 'ok' } : { result: 'denied', reason: refusal }),
  })
  await store.notifyFlow(sql, flow.id)
}
