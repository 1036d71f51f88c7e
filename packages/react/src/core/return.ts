import type { ConfirmAnswer } from '@keywell/protocol'
import { type BrowserWindow, call, type Fetch } from './call.ts'
import { tellNews } from './news.ts'
import type { FlowAccess } from './watch.ts'

/** A flow in redirect mode: which button began it, and how to ask for it. */
export interface LeftFlow extends FlowAccess {
  /** Key of the button's target. */
  readonly target: string
}

const storageKey = 'keywell:flow'
const ours = /[#&]keywell_(session|flow|ticket)=([^&]*)/g

/**
 * Keeps a flow for the way back of a redirect, in this tab's session storage: until the return, or for a
 * user who never comes back, until the tab closes or leaves again.
 *
 * It holds the connect token, which is good for ten minutes. The token opens the status of flows of one
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

/** What the fragment brings back: `flow` alone in redirect mode, all three with fragment returns. */
export type ReturnParameters = Partial<Record<'session' | 'flow' | 'ticket', string>>

/** Reads what came back, and removes it from the URL. The second time finds nothing. */
export function takeReturn(window: Window): { parameters: ReturnParameters; left?: LeftFlow } {
  const { hash } = window.location
  const parameters: ReturnParameters = Object.fromEntries(
    [...hash.matchAll(ours)].map(([, name, value]) => [name, value]),
  )
  if (!parameters.flow) return { parameters }
  window.history.replaceState(window.history.state, '', pageUrl(window))
  // Before a ticket is confirmed, the stored flow stays: the way goes on to the page that takes it up.
  const left = parameters.ticket ? undefined : takeLeft(window)
  return left?.flowId === parameters.flow ? { parameters, left } : { parameters }
}

/**
 * Has the app's backend confirm that the user of this browser finished the flow, tells the app's other
 * windows, and leaves: a popup closes, a redirect goes back to where the user was.
 *
 * @throws ConnectError when the backend refuses; a popup closes all the same, its opener asks the service
 */
export async function finish(
  window: BrowserWindow,
  fetch: Fetch,
  url: string,
  parameters: ReturnParameters,
): Promise<void> {
  try {
    const { flowId, status, mode, resumeUrl } = await call<ConfirmAnswer>(fetch, url, {
      method: 'POST',
      body: parameters,
    })
    tellNews(window, { flowId, status })
    if (mode === 'redirect' && resumeUrl !== null) {
      const mark = resumeUrl.includes('#') ? '&' : '#'
      window.location.replace(`${resumeUrl}${mark}keywell_flow=${flowId}`)
      // Where only the fragment differs, the page stays and has to be made to look again.
      if (withoutHash(resumeUrl) === withoutHash(window.location.href)) window.location.reload()
    }
  } finally {
    // Closes what a script opened; a tab that the user opened stays.
    window.close()
  }
}

/** The page's address without what is ours: where redirect mode leads back to. */
export function pageUrl(window: Window): string {
  return window.location.href.replace(ours, '')
}

function withoutHash(url: string): string | undefined {
  return url.split('#')[0]
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
