import type { KeywellError } from '@keywell/protocol'
import { html } from 'hono/html'

/** What a browser sees when there is nowhere to send it. The words are ours, all of them. */
export function problemPage(error: KeywellError, requestId: string): ReturnType<typeof html> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>This sign-in could not be finished</title>
        <link rel="stylesheet" href="/connect/style.css" />
      </head>
      <body>
        <main>
          <h1>This sign-in could not be finished</h1>
          <p>${error.detail}</p>
          <p>${error.nextStep}</p>
          <p>You can close this window and go back to the page you came from.</p>
          <footer>${error.code} · ${requestId}</footer>
        </main>
      </body>
    </html>`
}

/**
 * Sends the browser on by a page rather than a redirect: browsers hold a form's redirect against the
 * `form-action` of the page that sent it, so every app would have to list every provider's host.
 */
export function leavingPage(location: URL): ReturnType<typeof html> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="0;url=${location.href}" />
        <title>Going on to ${location.host}</title>
        <link rel="stylesheet" href="/connect/style.css" />
      </head>
      <body>
        <main>
          <h1>Going on to ${location.host} …</h1>
          <p><a href="${location.href}">Continue</a> if nothing happens.</p>
        </main>
      </body>
    </html>`
}

/** For every page of the service. Without a colour of its own, so that it does not look like the app or the provider. */
export const stylesheet = `:root { color-scheme: light dark; --ink: #1c1f26; --quiet: #565d6b; --ground: #f5f6f8; --card: #fff; --line: #dfe2e8; --edge: #7b8494; --act: #1c1f26; --on-act: #fff; --danger: #a8201a; --danger-ground: #fdeceb }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef2; --quiet: #a5adbb; --ground: #14161b; --card: #1d2027; --line: #333842; --edge: #7d8696; --act: #eceef2; --on-act: #14161b; --danger: #ffb3ac; --danger-ground: #3a1f1e } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; grid-template-columns: minmax(0, 30rem); place-content: center; padding: 1.5rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow-wrap: anywhere }
a { color: inherit }
h1 { margin: 0 0 1rem; font-size: 1.25rem; line-height: 1.3 }
h2 { margin: 0 0 .25rem; font-size: 1rem }
p { margin: 0 0 .75rem }
ol, ul { margin: 0 0 1.25rem; padding: 0 0 0 1.25rem }
li { margin: 0 0 .5rem }
code { font: .875em/1.4 ui-monospace, monospace }
label { display: block; margin: 0 0 .25rem; font-weight: 600 }
input { display: block; width: 100%; padding: .625rem .75rem; background: var(--card); color: var(--ink); border: 1px solid var(--edge); border-radius: .5rem; font: 1rem/1.4 ui-monospace, monospace }
input[aria-invalid=true] { border-color: var(--danger) }
button { padding: .625rem 1rem; background: var(--act); color: var(--on-act); border: 1px solid var(--act); border-radius: .5rem; font: 600 1rem/1.4 system-ui, sans-serif; cursor: pointer }
button[name=cancel] { background: none; color: var(--ink); border-color: var(--edge) }
:is(a, input, button):focus-visible { outline: 3px solid var(--ink); outline-offset: 2px }
.error { margin: 0 0 1rem; padding: .75rem; background: var(--danger-ground); color: var(--danger); border: 1px solid var(--danger); border-radius: .5rem }
.error p:last-child { margin: 0 }
.hint { margin: .5rem 0 1.25rem; color: var(--quiet); font-size: .875rem }
.acts { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0 }
footer { margin-top: 1.5rem; color: var(--quiet); font: .8125rem/1.4 ui-monospace, monospace }
@media (max-width: 30rem) { body { padding: .75rem } main { padding: 1.25rem } }
`
