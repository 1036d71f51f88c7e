import { html } from 'hono/html'
import { type Html, type Look, page } from './frame.ts'

/**
 * Sends the browser on by a page rather than a redirect: browsers hold a form's redirect against the
 * `form-action` of the page that sent it, so every app would have to list every provider's host.
 */
export function leavingPage(look: Look, location: URL): Html {
  const { frame } = look.texts
  const going = frame.going(location.host)
  const [before = '', after = ''] = frame.ifNothing('\n').split('\n')
  return page(look, {
    title: going,
    head: html`<meta http-equiv="refresh" content="0;url=${location.href}" />`,
    body: html`<h1>${going}</h1>
      <p>${before}<a href="${location.href}">${frame.goOn}</a>${after}</p>`,
  })
}
