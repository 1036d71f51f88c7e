/** What an attempt does once its popup is open. */
import type { CreateFlow, CreateFlowAnswer, Flow, routes, SessionAnswer } from '@keywell/protocol'
import { type Attempt, type Button, close, endUnknown, reconnects } from './button.ts'
import { type BrowserWindow, call } from './call.ts'
import type { StartOptions } from './connect.ts'
import type { Popup } from './popup.ts'
import { pageUrl, savePendingRedirect } from './return.ts'
import { isBusy } from './state.ts'
import { targetKey } from './target.ts'
import { type FlowAccess, watchFlow } from './watch.ts'

/** Creates the flow, and sends the browser to the provider. */
export async function open(
  button: Button,
  attempt: Attempt,
  { scopes, method }: StartOptions,
): Promise<void> {
  const { target } = button
  const { popup } = attempt
  const window = button.window()
  const session = await button.sessions.take(reconnects(button))
  const { flow, startUrl, startCode } = await createFlow(window, session, {
    provider: target.provider,
    host: target.host,
    connectionName: target.connectionName,
    scopes: scopes && [...scopes],
    method,
    mode: popup ? 'popup' : 'redirect',
    resumeUrl: popup ? undefined : pageUrl(window),
  })
  attempt.flow = flow
  if (button.attempt !== attempt) {
    void cancelFlow(button, attempt)
    return
  }
  if (!popup) savePendingRedirect(window, { ...flow, target: targetKey(target) })
  postStartForm(window.document, startUrl, startCode, popup?.name)
  button.dispatch({ type: 'open' })
  watch(button, attempt)
}

/** Follows the flow, while the button is attached. */
export function watch(button: Button, attempt: Attempt): void {
  if (!attempt.flow || button.attempt !== attempt || !button.handlers) return
  const window = button.window()
  // Detached and attached again while this was fetched: it is followed once.
  if (attempt.watching && !attempt.watching.signal.aborted) return
  attempt.watching = new AbortController()
  const { signal } = attempt.watching
  watchPopup(window, attempt.popup, signal, (closed) => button.dispatch({ type: 'popup', closed }))
  watchFlow(window, attempt.flow, signal, {
    onFlow: (flow) => applyFlow(button, flow),
    onEnd: (error) => endUnknown(button, { type: 'fail', error }),
  })
}

/** Cancels the flow; what the service answers is the state, or nothing where it cannot be reached. */
export async function cancel(button: Button, attempt: Attempt): Promise<void> {
  const flow = await cancelFlow(button, attempt)
  // A newer click, or the watching, was faster.
  if (button.attempt !== attempt) return
  if (flow) applyFlow(button, flow)
  else endUnknown(button, { type: 'cancel' })
}

/** The flow as it ended; undefined when the service cannot be reached: the flow then expires there. */
export async function cancelFlow(button: Button, { flow }: Attempt): Promise<Flow | undefined> {
  if (!flow) return undefined
  const { fetch } = button.window()
  return call<Flow>(fetch, flow.url, { method: 'DELETE', token: flow.token }).catch(() => undefined)
}

function applyFlow(button: Button, flow: Flow): void {
  if (flow.connection) button.connections.upsert(flow.connection)
  button.dispatch({ type: 'flow', flow })
  if (!isBusy(button.state)) close(button)
}

type FlowsPath = (typeof routes.flows.create)['path']

/** Creates the flow, in a session. */
async function createFlow(
  { fetch }: BrowserWindow,
  { connectToken: token, serviceUrl }: SessionAnswer,
  body: CreateFlow,
): Promise<CreateFlowAnswer & { flow: FlowAccess }> {
  // The path of the table, by its type: the table itself would be too large here.
  const url = `${serviceUrl}/connect/flows` satisfies `${string}${FlowsPath}`
  const created = await call<CreateFlowAnswer>(fetch, url, { method: 'POST', body, token })
  const { flowId, startUrl } = created
  // A form's address may be a script; only one of the service's own origin is used.
  if (new URL(startUrl).origin !== new URL(url).origin) throw new Error(startUrl)
  return { ...created, flow: { flowId, url: `${url}/${flowId}`, token } }
}

const checkMs = 500
/** 1.5 s, since a provider's opener policy makes `closed` true for a moment. */
const closedAfterChecks = 3

/**
 * Posts the one-time start code into the popup or, without a target, in this tab. By a form, because its
 * `Origin` is sent under every opener policy, and because the code then is in no URL.
 */
function postStartForm(
  document: Document,
  startUrl: string,
  startCode: string,
  target = '_self',
): void {
  const form = document.createElement('form')
  const code = document.createElement('input')
  Object.assign(form, { method: 'post', action: startUrl, target, hidden: true })
  Object.assign(code, { name: 'start_code', value: startCode })
  form.append(code)
  document.body.append(form)
  form.submit()
  form.remove()
}

/**
 * Reports, until the signal, whether the popup has looked closed for a while. An attempt without a popup (a
 * redirect that the user came back from too early) counts as closed: its user needs the same choices.
 */
function watchPopup(
  window: Window,
  popup: Popup | undefined,
  signal: AbortSignal,
  onChange: (closed: boolean) => void,
): void {
  let checks = 0
  const timer = window.setInterval(() => {
    checks = (popup?.window.closed ?? true) ? checks + 1 : 0
    onChange(checks >= closedAfterChecks)
  }, checkMs)
  signal.addEventListener('abort', () => window.clearInterval(timer))
}
