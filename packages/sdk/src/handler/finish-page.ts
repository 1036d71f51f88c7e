import { type ErrorCode, type FlowStatus, finishChannel } from '@keywell/protocol'
import { type FinishTexts, finishTextsFor } from './finish-texts.ts'

export interface FinishPage {
  /** HTTP status. */
  readonly status: number
  /** A language tag, or the value of `Accept-Language`. */
  readonly language: string
  readonly outcome: FinishOutcome
  /** Sent to the page that began; null: nothing is sent. */
  readonly message: { readonly flowId: string; readonly status: FlowStatus } | null
}

/** What happened, for the person at the screen. */
export type FinishOutcome =
  | { readonly name: 'connected'; readonly account: string | undefined }
  | { readonly name: 'confirming' | 'denied' }
  /** `ended`: the attempt has failed. `failed`: it could not be confirmed. */
  | { readonly name: 'ended' | 'failed'; readonly error: FinishError | null }

interface FinishError {
  readonly code: ErrorCode
  readonly message: string
  readonly nextStep?: string | undefined
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
      'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      vary: 'Accept-Language',
      'x-content-type-options': 'nosniff',
    },
  })
}

function html({ language, outcome, message }: FinishPage, nonce: string): string {
  const texts = finishTextsFor(language)
  const { heading, sentence, detail } = wordsFor(outcome, texts)
  const isGood = outcome.name === 'connected' || outcome.name === 'confirming'
  return `<!doctype html>
<html lang="${texts.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(heading)}</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main>
<svg ${isGood ? 'class="good" ' : ''}viewBox="0 0 16 16" aria-hidden="true"><path d="${isGood ? check : alert}"/></svg>
<h1>${escapeHtml(heading)}</h1>
<p>${escapeHtml(sentence)}</p>
${detail === undefined ? '' : `<p class="quiet" lang="en">${escapeHtml(detail)}</p>\n`}<p class="quiet">${texts.close}</p>
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

interface Words {
  readonly heading: string
  readonly sentence: string
  /** The error's own words, where the page is not in English: its reader may pass them on. */
  readonly detail?: string
}

function wordsFor(outcome: FinishOutcome, texts: FinishTexts): Words {
  const { headings } = texts
  switch (outcome.name) {
    case 'connected': {
      const { account } = outcome
      const sentence = account ? texts.connectedAs(account) : texts.connected
      return { heading: headings.connected, sentence }
    }
    case 'confirming':
      return { heading: headings.confirming, sentence: texts.confirming }
    case 'denied':
      return { heading: headings.ended, sentence: texts.denied }
    case 'ended':
    case 'failed': {
      const heading = headings[outcome.name]
      const { error } = outcome
      if (error === null) return { heading, sentence: texts.ended }
      const own = [error.message, error.nextStep].filter(Boolean).join(' ')
      if (texts.errors === undefined) return { heading, sentence: own }
      return { heading, sentence: texts.errors[error.code] ?? texts.errors.other, detail: own }
    }
    default:
      return outcome satisfies never
  }
}

/** Drawn with one stroke on a square of 16. */
const check = 'm4.5 8.4 2.4 2.4 4.6-5.2'
const alert = 'M8 4.5v4M8 11.2v.1'

const style = `:root{color-scheme:light dark;--ink:#1c1f26;--quiet:#565d6b;--ground:#f4f5f7;--card:#fff;--line:#e3e6eb;--mark:#565d6b;--good:#1a7f45}
@media (prefers-color-scheme:dark){:root{--ink:#eceef2;--quiet:#a5adbb;--ground:#101216;--card:#1b1d23;--line:#31353f;--mark:#a5adbb;--good:#5ccb8b}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;grid-template-columns:minmax(0,26rem);place-content:center;padding:1rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;text-align:center;overflow-wrap:anywhere}
svg{width:3rem;height:3rem;margin:0 0 1rem;border:1px solid;border-radius:50%;padding:.375rem;color:var(--mark);fill:none;stroke:currentcolor;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.good{color:var(--good)}
h1{margin:0 0 .5rem;font-size:1.375rem;line-height:1.25;text-wrap:balance}
p{margin:0 0 .75rem;text-wrap:pretty}
p:last-child{margin:0}
.quiet{color:var(--quiet);font-size:.9375rem}`

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '')
}

/** JSON that cannot end the script element it stands in. */
function scriptLiteral(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}
