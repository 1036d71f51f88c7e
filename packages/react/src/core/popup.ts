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
/** 1.5 s: a provider's opener policy makes `closed` true for a moment, or for good. */
const awayAfterChecks = 3

/**
 * Opens a popup with one line of text. Has to run synchronously in the click: after an `await`, browsers
 * take it for an advertisement. Answers undefined when the browser refused.
 *
 * It opens `about:blank`, which is the app's own document, and not a page of the service: under a
 * `Cross-Origin-Opener-Policy: same-origin` of the app, a foreign page would lose its name at once,
 * and the form could no longer be aimed at it. (Measured in Chromium 147, for each COOP of app and provider.)
 */
export function openPopup(window: BrowserWindow, text: string): Popup | undefined {
  // No other page can guess the name, and aim its own links at this window.
  const name = `keywell_${window.crypto.getRandomValues(new Uint32Array(2)).join('_')}`
  const left = Math.round(window.screenX + (window.outerWidth - width) / 2)
  const opened = window.open(
    'about:blank',
    name,
    `popup,width=${width},height=${height},left=${left},top=${window.screenY + 60}`,
  )
  // Some blockers hand out a window and close it at once.
  if (opened === null || opened.closed) return undefined
  try {
    opened.document.title = opened.document.body.textContent = text
  } catch {
    // A browser that isolates the blank page still takes the form.
  }
  return { name, window: opened }
}

/**
 * Posts the one-time start code, into the popup or, without a target, in this tab. A form, because its
 * `Origin` arrives whatever opener policy anyone sends, and because the code then is in no URL.
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
 * Reports a window that has been closed, or looks it, for a while; until the signal. A flow without a
 * window (a redirect that the user came back from too early) needs ways on just the same.
 */
export function watchPopup(
  window: Window,
  popup: Popup | undefined,
  signal: AbortSignal,
  onAway: (away: boolean) => void,
): void {
  let checks = 0
  const timer = window.setInterval(() => {
    checks = (popup?.window.closed ?? true) ? checks + 1 : 0
    onAway(checks >= awayAfterChecks)
  }, checkMs)
  signal.addEventListener('abort', () => window.clearInterval(timer))
}

/** Touch screens (and so the web views of phones) get the redirect: their popups are tabs, or nothing. */
export function prefersRedirect(window: Window): boolean {
  // Not every test environment of a host has it.
  return window.matchMedia?.('(hover: none) and (pointer: coarse)').matches ?? false
}
