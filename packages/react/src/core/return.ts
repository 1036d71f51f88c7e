import type { ConfirmAnswer } from '@keywell/protocol'
import { type Browser, call } from './call.ts'
import { tellNews } from './news.ts'
import type { FlowAccess } from './watch.ts'

/** A flow in redirect mode: which button began it, how to ask for it, where the user was. */
export interface LeftFlow extends FlowAccess {
  /** Key of the button's target. */
  readonly target: string
  /** The connection before, as `versionOf` says it. */
  readonly before: string | undefined
  /** The page's own fragment; the way back needs the place. */
  readonly hash: string
}

const storageKey = 'keywell:flow'
const ours = /[#&](keywell_(?:session|flow|ticket)=[^&]*)/g

/** What came back in the fragment. */
export interface Returned {
  /** Redirect mode: the flow that this very tab began, when its storage still knows it. */
  readonly flow: LeftFlow | undefined
  /** Fragment returns: what the app's backend must confirm, once. */
  readonly ticket: { session: string; flow: string; ticket: string } | undefined
}

/**
 * Keeps a flow for the way back of a redirect, in this tab's session storage, until the return.
 *
 * It holds the connect token, for at most its ten minutes. The token opens the status of flows of one
 * connect session, and nothing of a provider. Whoever can read the storage of this origin runs script in
 * it, and could have the app's backend make a new token; so the storage gives away nothing.
 */
export function leave(window: Window, flow: LeftFlow): void {
  try {
    window.sessionStorage.setItem(storageKey, JSON.stringify(flow))
  } catch {
    // Storage may be forbidden: the page then learns the result from its list of connections.
  }
}

/** Reads the return from the URL and storage and removes it from both. The second time finds nothing. */
export function takeReturn(window: Window): Returned {
  const { hash } = window.location
  const found = new URLSearchParams([...hash.matchAll(ours)].map(([, pair]) => pair).join('&'))
  const flow = found.get('keywell_flow')
  const session = found.get('keywell_session')
  const ticket = found.get('keywell_ticket')
  if (session !== null && flow !== null && ticket !== null) {
    setHash(window, hash.replace(ours, ''))
    // The stored flow stays: `finishReturn` leads to the page that takes it up.
    return { flow: undefined, ticket: { session, flow, ticket } }
  }
  const left = takeLeft(window)
  if (flow === null) return { flow: undefined, ticket: undefined }
  const known = left?.flowId === flow ? left : undefined
  setHash(window, known?.hash ?? hash.replace(ours, ''))
  return { flow: known, ticket: undefined }
}

/**
 * Confirms at the app's backend that the user of this browser finished the flow, tells the app's other
 * windows, and leaves: a popup closes, a redirect goes back to where the user was.
 *
 * @throws ConnectError when the backend refuses; a popup is closed all the same, its opener asks the service
 */
export async function finishReturn(
  browser: Browser,
  endpoint: string,
  ticket: NonNullable<Returned['ticket']>,
): Promise<void> {
  const window = browser.window()
  try {
    const answer = await call<ConfirmAnswer>(browser, `${endpoint}/finish`, {
      method: 'POST',
      body: ticket,
    })
    tellNews(window, { flowId: answer.flowId, status: answer.status })
    if (answer.mode === 'redirect' && answer.resumeUrl !== null) {
      const url = new URL(answer.resumeUrl, window.location.href)
      url.hash = `keywell_flow=${answer.flowId}`
      window.location.replace(url)
      // Only the fragment differs: the page would stay, and nobody would take up the flow.
      if (answer.resumeUrl === resumeUrl(window)) window.location.reload()
    }
  } finally {
    // Closes what a script opened; a tab that the user opened stays.
    window.close()
  }
}

/** The page's address without a fragment: what the service leads back to in redirect mode. */
export function resumeUrl(window: Window): string {
  return window.location.href.replace(/#.*$/, '')
}

function takeLeft(window: Window): LeftFlow | undefined {
  try {
    const text = window.sessionStorage.getItem(storageKey)
    window.sessionStorage.removeItem(storageKey)
    // `leave` wrote it, on this origin.
    return text === null ? undefined : (JSON.parse(text) as LeftFlow)
  } catch {
    return undefined
  }
}

function setHash(window: Window, hash: string): void {
  const { pathname, search } = window.location
  const fragment = hash === '' || hash.startsWith('#') ? hash : `#${hash.slice(1)}`
  window.history.replaceState(window.history.state, '', `${pathname}${search}${fragment}`)
}
