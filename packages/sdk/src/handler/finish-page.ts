import { type FlowStatus, finishChannel } from '@keywell/protocol'

export interface FinishPage {
  /** HTTP status. */
  readonly status: number
  /** What happened, for the person at the screen. */
  readonly heading: string
  readonly sentence: string
  /** Sent to the page that began; null: nothing is sent. */
  readonly message: { readonly flowId: string; readonly status: FlowStatus } | null
}

/**
 * The page at the end of a popup: sends a message to the page that began, on its own origin, and closes itself.
 * `BroadcastChannel` arrives whatever Cross-Origin-Opener-Policy anyone sends; `postMessage` to the
 * opener is for browsers that keep channels of popups apart.
 *
 * The message is an id and a status, never a ticket or a token. The ticket leaves the address bar first.
 */
export function finishPage(page: FinishPage): Response {
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
  return new Response(html(page, nonce), {
    status: page.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  })
}

function html({ heading, sentence, message }: FinishPage, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(heading)}</title>
</head>
<body>
<main>
<h1>${escapeHtml(heading)}</h1>
<p>${escapeHtml(sentence)}</p>
<p>You can close this window.</p>
</main>
<script nonce="${nonce}">
history.replaceState(null, '', location.pathname)
const message = ${scriptLiteral(message)}
if (message) {
  const channel = new BroadcastChannel(${scriptLiteral(finishChannel)})
  channel.postMessage(message)
  if (window.opener) window.opener.postMessage(message, location.origin)
}
// The message leaves with this turn of the event loop; only then may the window go.
setTimeout(() => window.close(), 50)
</script>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '')
}

/** JSON that cannot end the script element it stands in. */
function scriptLiteral(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}
