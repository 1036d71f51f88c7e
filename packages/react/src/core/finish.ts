import type { ConfirmAnswer } from '@keywell/protocol'
import { type BrowserWindow, call, type Fetch } from './call.ts'
import { type FlowMessage, openChannel } from './flow-messages.ts'
import type { ReturnParameters } from './return.ts'

/**
 * Asks the app's backend to confirm that the user of this browser finished the flow, sends a message to the
 * app's other windows, and leads a redirect back to where the user was.
 *
 * @throws ConnectError when the backend refuses
 */
export async function finish(
  window: BrowserWindow,
  fetch: Fetch,
  url: string,
  parameters: ReturnParameters,
): Promise<void> {
  try {
    await confirm(window, fetch, url, parameters)
  } finally {
    // A popup closes, since its opener asks the service; a tab that the user opened stays.
    window.close()
  }
}

async function confirm(
  window: BrowserWindow,
  fetch: Fetch,
  url: string,
  parameters: ReturnParameters,
): Promise<void> {
  const { flowId, status, mode, resumeUrl } = await call<ConfirmAnswer>(fetch, url, {
    method: 'POST',
    body: parameters,
  })
  sendFlowMessage(window, { flowId, status })
  if (mode === 'redirect' && resumeUrl !== null) {
    const mark = resumeUrl.includes('#') ? '&' : '#'
    window.location.replace(`${resumeUrl}${mark}keywell_flow=${flowId}`)
    // Where only the fragment differs, the browser does not load the page again by itself.
    if (withoutHash(resumeUrl) === withoutHash(window.location.href)) window.location.reload()
  }
}

/** Sends a message to the other windows of the app. */
function sendFlowMessage(window: BrowserWindow, message: FlowMessage): void {
  const channel = openChannel(window)
  channel?.postMessage(message)
  channel?.close()
}

function withoutHash(url: string): string | undefined {
  return url.split('#')[0]
}
