import type { FlowId, FlowStatus } from '@keywell/protocol'

/** What the finish page says on the app's own origin. It never decides, it only makes us ask. */
export interface FlowNews {
  readonly flowId: FlowId
  readonly status: FlowStatus
}

/** Same name as protocol's `finishChannel`; a test holds them together (types only cross over). */
export const newsChannel = 'keywell'

/** Listens on the BroadcastChannel, and to messages of the page's own origin. Answers the way to stop. */
export function onNews(
  window: Window & typeof globalThis,
  listener: (news: FlowNews) => void,
): () => void {
  const channel = openChannel(window)
  const hear = ({ data }: MessageEvent): void => {
    if (isNews(data)) listener(data)
  }
  const hearMessage = (event: MessageEvent): void => {
    if (event.origin === window.location.origin) hear(event)
  }
  channel?.addEventListener('message', hear)
  window.addEventListener('message', hearMessage)
  return () => {
    channel?.close()
    window.removeEventListener('message', hearMessage)
  }
}

/** Tells the app's other windows. */
export function tellNews(window: Window & typeof globalThis, news: FlowNews): void {
  const channel = openChannel(window)
  channel?.postMessage(news)
  channel?.close()
}

/** Missing in old web views. */
function openChannel(window: Window & typeof globalThis): BroadcastChannel | undefined {
  return window.BroadcastChannel === undefined
    ? undefined
    : new window.BroadcastChannel(newsChannel)
}

function isNews(data: unknown): data is FlowNews {
  return typeof data === 'object' && data !== null && 'flowId' in data && 'status' in data
}
