/** The window that the user consents in. */
export interface Popup {
  /** Name of the window, and target of the start form. */
  readonly name: string
  readonly window: Window
}

const width = 560
const height = 720

const windowCheckMs = 500
/** A provider's opener policy makes `closed` true for a moment, or for good; so it only opens ways on. */
const awayAfterChecks = 3

/**
 * Opens a popup with one line of text. Has to run synchronously in the click: after an `await`, browsers
 * take it for an advertisement. Answers undefined when the browser refused.
 *
 * It opens `about:blank`, which is the app's own document, and not a page of the service: with a
 * `Cross-Origin-Opener-Policy: same-origin` of the app, a foreign page would lose its name at once,
 * and the form could no longer be aimed at it. (Measured in Chromium 147, for each COOP of app and provider.)
 */
export function openPopup(window: Window & typeof globalThis, text: string): Popup | undefined {
  // A name that no other page can guess, so that none can aim its own links at this window.
  const name = `keywell_${window.crypto.getRandomValues(new Uint32Array(2)).join('_')}`
  const left = Math.round(window.screenX + (window.outerWidth - width) / 2)
  const top = Math.round(window.screenY + (window.outerHeight - height) / 2)
  const features = `popup,width=${width},height=${height},left=${left},top=${top}`
  const opened = window.open('about:blank', name, features)
  // Some blockers hand out a window and close it at once.
  if (opened === null || opened.closed) return undefined
  try {
    opened.document.title = text
    opened.document.body.textContent = text
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
  form: { startUrl: string; startCode: string; target?: string | undefined },
): void {
  const element = document.createElement('form')
  element.method = 'post'
  element.action = form.startUrl
  element.target = form.target ?? '_self'
  element.hidden = true
  const code = document.createElement('input')
  code.type = 'hidden'
  code.name = 'start_code'
  code.value = form.startCode
  element.append(code)
  document.body.append(element)
  element.submit()
  element.remove()
}

/**
 * Reports a window that has been closed, or looks it, for a while. A flow without a window (a redirect
 * that the user came back from too early) needs the ways on just the same. Answers the way to stop.
 */
export function watchWindow(
  window: Window,
  popup: Window | undefined,
  onAway: (away: boolean) => void,
): () => void {
  let checks = 0
  const timer = window.setInterval(() => {
    checks = (popup?.closed ?? true) ? checks + 1 : 0
    onAway(checks >= awayAfterChecks)
  }, windowCheckMs)
  return () => window.clearInterval(timer)
}

/** Touch screens (and so the web views of phones) get the redirect: their popups are tabs, or nothing. */
export function prefersRedirect(window: Window): boolean {
  return window.matchMedia?.('(hover: none) and (pointer: coarse)').matches ?? false
}
