import type { BrowserWindow } from './call.ts'

/** The window that the user consents in. */
export interface Popup {
  /** Name of the window, and target of the start form. */
  readonly name: string
  readonly window: Window
}

const width = 560
const height = 720
const checkMs = 500
/** 1.5 s, since a provider's opener policy makes `closed` true for a moment. */
const closedAfterChecks = 3

/**
 * Opens a popup with one line of text. Call it synchronously in the click: after an `await`, browsers
 * block it as an advertisement. Returns undefined when the browser refused.
 *
 * It opens `about:blank`, the app's own document, instead of a page of the service: under a
 * `Cross-Origin-Opener-Policy: same-origin` of the app, a foreign page loses its name at once, and the form
 * can no longer target it. (Measured in Chromium 147, for each COOP of app and provider.)
 */
export function openPopup(window: BrowserWindow, text: string): Popup | undefined {
  // No other page can guess the name, and so target this window with its own links.
  const name = `keywell_${window.crypto.getRandomValues(new Uint32Array(2)).join('_')}`
  const left = Math.round(window.screenX + (window.outerWidth - width) / 2)
  const opened = window.open(
    'about:blank',
    name,
    `popup,width=${width},height=${height},left=${left},top=${window.screenY + 60}`,
  )
  // Some blockers return a window that is already closed.
  if (!opened || opened.closed) return undefined
  try {
    opened.document.title = opened.document.body.textContent = text
  } catch {
    // A browser that isolates the blank page still accepts the form.
  }
  return { name, window: opened }
}

/**
 * Posts the one-time start code into the popup or, without a target, in this tab. By a form, because its
 * `Origin` is sent under every opener policy, and because the code then is in no URL.
 */
export function postStartForm(
  document: Document,
  startUrl: string,
  startCode: string,
  target = '_self',
): void {
  const form = document.createElement('form')
  const code = document.createElement('input')
  Object.assign(form, { method: 'post', action: startUrl, target, hidden: true })
  Object.assign(code, { name: 'start_code', value: startCode })
  form.append(code)
  document.body.append(form)
  form.submit()
  form.remove()
}

/**
 * Reports, until the signal, whether the popup has looked closed for a while. An attempt without a popup (a
 * redirect that the user came back from too early) counts as closed: its user needs the same choices.
 */
export function watchPopup(
  window: Window,
  popup: Popup | undefined,
  signal: AbortSignal,
  onChange: (closed: boolean) => void,
): void {
  let checks = 0
  const timer = window.setInterval(() => {
    checks = (popup?.window.closed ?? true) ? checks + 1 : 0
    onChange(checks >= closedAfterChecks)
  }, checkMs)
  signal.addEventListener('abort', () => window.clearInterval(timer))
}

/** Touch screens, and so the web views of phones, get the redirect: there a popup is a tab, or is blocked. */
export function prefersRedirect(window: Window): boolean {
  // Some test environments lack it.
  return window.matchMedia?.('(hover: none) and (pointer: coarse)').matches ?? false
}
