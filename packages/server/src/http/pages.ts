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

export const stylesheet = `:root { color-scheme: light dark; --ink: #1c1f26; --quiet: #565d6b; --ground: #f5f6f8; --card: #fff; --line: #dfe2e8 }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef2; --quiet: #a5adbb; --ground: #14161b; --card: #1d2027; --line: #333842 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 30rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem }
a { color: inherit }
h1 { margin: 0 0 1rem; font-size: 1.25rem; line-height: 1.3 }
p { margin: 0 0 .75rem }
footer { margin-top: 1.5rem; color: var(--quiet); font: .8125rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
`
