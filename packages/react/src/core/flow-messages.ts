import type { FlowId, FlowStatus } from '@keywell/protocol'
import type { BrowserWindow } from './call.ts'

/** What the finish page sends on the app's own origin. It decides nothing; the page then asks the service. */
export interface FlowMessage {
  readonly flowId: FlowId
  readonly status: FlowStatus
}

/** Name of the BroadcastChannel. It equals protocol's `finishChannel`, which only types can be imported from. */
export const messageChannel = 'keywell'

/** Listens to other windows of the page's own origin, until the signal. */
export function onFlowMessage(
  window: BrowserWindow,
  signal: AbortSignal,
  listener: (message: FlowMessage) => void,
): void {
  const channel = openChannel(window)
  const receive = ({ target, origin, data }: MessageEvent): void => {
    // The channel is the origin's own; a message to the window may come from anywhere.
    if ((target === channel || origin === window.location.origin) && data?.flowId) listener(data)
  }
  channel?.addEventListener('message', receive)
  window.addEventListener('message', receive, { signal })
  signal.addEventListener('abort', () => channel?.close())
}

/** Joins the other windows of the app. Undefined in old web views. */
export function openChannel(window: BrowserWindow): BroadcastChannel | undefined {
  return window.BroadcastChannel && new window.BroadcastChannel(messageChannel)
}
