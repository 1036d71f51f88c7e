import type { FlowId, FlowStatus } from '@keywell/protocol'
import type { BrowserWindow } from './call.ts'

/** What the finish page says on the app's own origin. It never decides, it only makes us ask. */
export interface FlowNews {
  readonly flowId: FlowId
  readonly status: FlowStatus
}

/** Name of the BroadcastChannel: protocol's `finishChannel`, of which only the types may cross over. */
export const newsChannel = 'keywell'

/** Listens to other windows of the page's own origin, until the signal. */
export function onNews(
  window: BrowserWindow,
  signal: AbortSignal,
  listener: (news: FlowNews) => void,
): void {
  const channel = openChannel(window)
  const hear = ({ target, origin, data }: MessageEvent): void => {
    // The channel is the origin's own; a message to the window may come from anywhere.
    if ((target === channel || origin === window.location.origin) && data?.flowId) listener(data)
  }
  channel?.addEventListener('message', hear)
  window.addEventListener('message', hear, { signal })
  signal.addEventListener('abort', () => channel?.close())
}

/** Tells the other windows. */
export function tellNews(window: BrowserWindow, news: FlowNews): void {
  const channel = openChannel(window)
  channel?.postMessage(news)
  channel?.close()
}

/** Missing in old web views. */
function openChannel(window: BrowserWindow): BroadcastChannel | undefined {
  return window.BroadcastChannel && new window.BroadcastChannel(newsChannel)
}
