import type { FlowAccess } from './watch.ts'

/** A flow in redirect mode that has not returned yet. */
export interface PendingRedirect extends FlowAccess {
  /** Key of the target of the button that began it. */
  readonly target: string
}

const storageKey = 'keywell:flow'

/**
 * Keeps a flow in this tab's session storage until a button of the page that it returns to takes it, the tab closes,
 * or the next redirect replaces it.
 *
 * It holds the connect token, which is valid for ten minutes and reads the status of the flows of one connect
 * session, nothing of a provider. A script that can read this storage runs on the app's origin, where it
 * could request a new token from the app's backend: the storage reveals nothing more.
 */
export function savePendingRedirect(window: Window, flow: PendingRedirect): void {
  try {
    window.sessionStorage.setItem(storageKey, JSON.stringify(flow))
  } catch {
    // Storage may be forbidden: the page then shows the result from its list of connections.
  }
}

/** The flow that returned, which is then stored no more. Undefined where another tab began it. */
export function takePendingRedirect(window: Window, flowId: string): PendingRedirect | undefined {
  try {
    const text = window.sessionStorage.getItem(storageKey)
    window.sessionStorage.removeItem(storageKey)
    // `savePendingRedirect` wrote it, on this origin.
    const flow: PendingRedirect | null = JSON.parse(text ?? 'null')
    return flow?.flowId === flowId ? flow : undefined
  } catch {
    return undefined
  }
}
