import type { ConfirmAnswer } from '@keywell/protocol'
import { type BrowserWindow, call, type Fetch } from './call.ts'
import { sendFlowMessage } from './flow-messages.ts'
import type { ReturnParameters } from './return.ts'

/**
 * Asks the app's backend to confirm that the user of this browser finished the flow, sends a message to the
 * app's other windows, and ends this page: a popup closes, a redirect goes back to where the user was.
 *
 * @throws ConnectError when the backend refuses; a popup closes too, since its opener asks the service
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
    sendFlowMessage(window, { flowId, status })
    if (mode === 'redirect' && resumeUrl !== null) {
      const mark = resumeUrl.includes('#') ? '&' : '#'
      window.location.replace(`${resumeUrl}${mark}keywell_flow=${flowId}`)
      // Where only the fragment differs, the browser does not load the page again by itself.
      if (withoutHash(resumeUrl) === withoutHash(window.location.href)) window.location.reload()
    }
  } finally {
    // Closes a window that a script opened, and no tab that the user opened.
    window.close()
  }
}

function withoutHash(url: string): string | undefined {
  return url.split('#')[0]
}
