import { html } from 'hono/html'
import type { DoneView } from '../../connect/done-page.ts'
import { type Html, type Look, loadScript, page } from './frame.ts'

/** The end of a link that ends with a code: the code, and later what became of it. */
export function donePage(look: Look, view: DoneView, ownHost: string): Html {
  const { done } = look.texts
  const names = { app: look.appearance.name ?? ownHost, provider: view.providerTitle }
  const { code, status, account, link } = view
  const startedIn = link.startedIn ?? names.app
  if (code !== null) {
    return page(look, {
      title: done.title,
      head: loadScript,
      body: html`<h1>${done.heading(names)}</h1>
        <p>${done.give(startedIn)}</p>
        <p class="code" role="group" aria-label="${done.code}" data-waiting>${code}</p>
        <p class="caution">${done.warning(names, startedIn)}</p>
        <p class="fine">${done.waiting} <a href="">${done.look}</a></p>`,
    })
  }
  const isConnected = status === 'connected'
  const heading = isConnected ? done.connected(names) : (done.ended[status] ?? done.endedOtherwise)
  const more = isConnected ? account && done.connectedAs(account) : done.again
  return page(look, {
    title: heading,
    body: html`<h1>${heading}</h1>
      <p>${more ?? ''}</p>
      <p>${done.close}</p>`,
  })
}
