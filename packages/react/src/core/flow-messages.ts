import type { FlowId, FlowStatus } from '@keywell/protocol'
import type { BrowserWindow } from './call.ts'

/** What the finish page sends on the app's own origin. It decides nothing; the page then asks the service. */
export interface FlowMessage {
  readonly flowId: FlowId
  readonly status: FlowStatus
}

/** Name of the BroadcastChannel. It equals protocol's `finishChannel`, which only types can be imported from. */
export const messageChannel = 'keywell'

/** Joins the other windows of the app; whoever joins closes it. Undefined in old web views. */
export function openChannel(
  window: BrowserWindow,
  listener?: (message: FlowMessage | undefined) => void,
): BroadcastChannel | undefined {
  const channel = window.BroadcastChannel && new window.BroadcastChannel(messageChannel)
  channel?.addEventListener('message', ({ data }) => listener?.(data))
  return channel
}
