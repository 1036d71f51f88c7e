import type { CreateFlow, CreateFlowAnswer, Flow, routes, SessionAnswer } from '@keywell/protocol'
import {
  type Button,
  type ConnectDetails,
  reconnects,
  type StartOptions,
  set,
  sync,
} from './button.ts'
import { type BrowserWindow, call } from './call.ts'
import { asConnectError } from './error.ts'
import { savePendingRedirect, takePendingRedirect } from './pending.ts'
import { openPopup, type Popup, postStartForm, prefersRedirect, watchPopup } from './popup.ts'
import { pageUrl } from './return.ts'
import { prepareSession, takeSession } from './sessions.ts'
import { type ConnectEvent, type ConnectState, isBusy, reduce } from './state.ts'
import { targetKey } from './target.ts'
import { type FlowAccess, watchFlow } from './watch.ts'

export { request } from './request.ts'

/** One click: its popup (none with a redirect), and its flow as soon as it exists. */
export interface Attempt {
  popup?: Popup | undefined
  flow?: FlowAccess
  watching?: AbortController
}

/** Fetches a session ahead. */
export function prepare(button: Button): void {
  // The click requests again, and shows the error.
  prepareSession(button.sessions, reconnects(button)).catch(() => undefined)
}

function begin(button: Button, options: StartOptions): void {
  const { mode = 'auto', waitingText = '…' } = options
  const window = button.window()
  if (button.attempt?.flow) void cancelFlow(window, button.attempt.flow)
  close(button)
  show(button, { name: 'opening' })
  const redirect = mode === 'redirect' || (mode === 'auto' && prefersRedirect(window))
  const popup = redirect ? undefined : openPopup(window, waitingText)
  if (!redirect && !popup) {
    dispatch(button, { type: 'block' })
    return
  }
  const attempt: Attempt = { popup }
  button.attempt = attempt
  open(button, attempt, options).catch((thrown: unknown) => {
    if (button.attempt === attempt) end(button, { type: 'fail', error: asConnectError(thrown) })
  })
}

/**
 * Goes on with what was begun: by a redirect, by a click before this code was there, by a click now, or in an attempt
 * that was under way when the button was detached.
 */
export function proceed(button: Button): void {
  const { clicked, state } = button
  const flow = returnedTo(button)
  button.clicked = undefined
  if (flow) {
    button.attempt = { flow }
    // The list may have been faster: it shows how the flow ended, which is known in a moment.
    if (state.name !== 'connected') reopen(button)
  } else if (clicked && !isBeyondClicks(button)) {
    begin(button, clicked)
  } else if (state.name === 'opening' && !button.attempt) {
    // The click was taken back, by cancelling or with the button.
    set(button, { name: 'idle' })
    sync(button)
  }
  watch(button)
}

function reopen(button: Button): void {
  show(button, { name: 'opening' })
  dispatch(button, { type: 'open' })
}

/** A click would begin a second attempt at once, or end one whose user has consented. */
function isBeyondClicks({ attempt, state }: Button): boolean {
  return state.name === 'confirming' || (state.name === 'opening' && attempt !== undefined)
}

/** The flow of a redirect, where this button began it. */
function returnedTo(button: Button): FlowAccess | undefined {
  const returned = button.returned()
  const { flowId } = returned
  if (flowId) returned.pending = takePendingRedirect(button.window(), flowId)
  returned.flowId = undefined
  const { pending } = returned
  if (pending?.target !== targetKey(button.target)) return undefined
  returned.pending = undefined
  return pending
}

async function open(
  button: Button,
  attempt: Attempt,
  { scopes, method }: StartOptions,
): Promise<void> {
  const { target } = button
  const { popup } = attempt
  const window = button.window()
  const session = await takeSession(button.sessions, reconnects(button))
  const { flow, startUrl, startCode } = await createFlow(window, session, {
    provider: target.provider,
    host: target.host,
    connectionName: target.connectionName,
    scopes: scopes && [...scopes],
    method,
    mode: popup ? 'popup' : 'redirect',
    resumeUrl: popup ? undefined : pageUrl(window.location),
  })
  if (button.attempt !== attempt) {
    void cancelFlow(window, flow)
    return
  }
  attempt.flow = flow
  if (!popup) savePendingRedirect(window, { ...flow, target: targetKey(target) })
  postStartForm(window.document, startUrl, startCode, popup?.name)
  dispatch(button, { type: 'open' })
  watch(button)
}

/** Follows the flow, if there is one that is not followed, and the button is attached. */
function watch(button: Button): void {
  const { attempt, handlers } = button
  if (!attempt?.flow || !handlers || attempt.watching?.signal.aborted === false) return
  const window = button.window()
  attempt.watching = new AbortController()
  const { signal } = attempt.watching
  watchPopup(window, attempt.popup, signal, (closed) => dispatch(button, { type: 'popup', closed }))
  watchFlow(window, attempt.flow, signal, {
    onFlow: (flow) => applyFlow(button, flow),
    onEnd: (error) => endUnknown(button, { type: 'fail', error }),
  })
}

export async function cancel(button: Button): Promise<void> {
  const { attempt } = button
  attempt?.popup?.window.close()
  const flow = attempt?.flow && (await cancelFlow(button.window(), attempt.flow))
  // A newer click, or the watching, was faster.
  if (button.attempt !== attempt) return
  if (flow) applyFlow(button, flow)
  else endUnknown(button, { type: 'cancel' })
}

function applyFlow(button: Button, flow: Flow): void {
  const { connection, status } = flow
  if (connection) button.connections.upsert(connection)
  if (status === 'connected' && connection) show(button, { name: status, connection })
  else {
    if (!isBusy(button.state)) reopen(button)
    dispatch(button, { type: 'flow', flow })
  }
  if (!isBusy(button.state)) close(button)
}

function end(button: Button, event: ConnectEvent): void {
  close(button)
  dispatch(button, event)
}

/** Ends an attempt whose outcome the service did not report: the list shows whether it connected the account. */
function endUnknown(button: Button, event: ConnectEvent): void {
  end(button, event)
  void button.connections.refresh()
}

function close(button: Button): void {
  button.attempt?.watching?.abort()
  button.attempt?.popup?.window.close()
  button.attempt = undefined
}

/** Shows a step of an attempt, and calls the handlers with it. */
function show(button: Button, state: ConnectState): void {
  if (!set(button, state)) return
  const { handlers = {}, target } = button
  const details: ConnectDetails = { provider: target.provider, state }
  // Later, so that an error of theirs is uncaught in the host's code, and does not end the watching.
  queueMicrotask(() => {
    handlers.onEvent?.(state.name, details)
    if (state.name === 'connected') handlers.onSuccess?.(state.connection)
    if (state.name === 'cancelled') handlers.onExit?.(null, details)
    if ('error' in state) handlers.onExit?.(state.error, details)
  })
  // A reconnect that was cancelled leaves the connection as it was.
  if (state.name === 'cancelled') sync(button)
}

function dispatch(button: Button, event: ConnectEvent): void {
  show(button, reduce(button.state, event))
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

/** The flow as it ended; undefined when the service cannot be reached: the flow then expires there. */
function cancelFlow(
  { fetch }: BrowserWindow,
  { url, token }: FlowAccess,
): Promise<Flow | undefined> {
  return call<Flow>(fetch, url, { method: 'DELETE', token }).catch(() => undefined)
}
