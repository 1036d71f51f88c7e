import { JSDOM } from 'jsdom'

/** How many redirects a page load follows. */
const maxRedirects = 10

export interface Page {
  url: URL
  status: number
  headers: Headers
  text: string
}

/**
 * A browser without a screen: one cookie jar, redirects by hand, forms read from the page. For flows
 * where no script matters; what scripts and windows do is tested in a real browser.
 */
export class Person {
  readonly #cookies = new Map<string, Map<string, string>>()

  /** Loads a page. `stopAt` ends the journey before a redirect to such an address is followed. */
  async visit(
    address: string | URL,
    options: { init?: RequestInit; stopAt?: (url: URL) => boolean } = {},
  ): Promise<Page> {
    let url = new URL(address)
    let init = options.init ?? {}
    for (let hops = 0; hops < maxRedirects; hops += 1) {
      const response = await this.#send(url, init)
      const location = response.headers.get('location')
      if (response.status < 300 || response.status > 399 || location === null) {
        return {
          url,
          status: response.status,
          headers: response.headers,
          text: await response.text(),
        }
      }
      url = new URL(location, url)
      init = {}
      if (options.stopAt?.(url))
        return { url, status: response.status, headers: response.headers, text: '' }
    }
    throw new Error(`more than ${maxRedirects} redirects, the last one to ${url.href}`)
  }

  /** Submits the form of a page that has a button with this text, as a browser would. */
  async submit(
    page: Page,
    options: { button: string; fields?: Record<string, string>; stopAt?: (url: URL) => boolean },
  ): Promise<Page> {
    const { document } = new JSDOM(page.text, { url: page.url.href }).window
    const button = [...document.querySelectorAll('button, input[type=submit]')].find((each) =>
      (each.textContent || each.getAttribute('value') || '').trim().startsWith(options.button),
    )
    const form = button?.closest('form')
    if (button === undefined || form == null) {
      throw new Error(
        `no button "${options.button}" on ${page.url.href}: ${page.text.slice(0, 500)}`,
      )
    }
    const body = new URLSearchParams()
    for (const field of form.querySelectorAll('input[name]')) {
      if (
        ['checkbox', 'radio'].includes(field.getAttribute('type') ?? '') &&
        !field.hasAttribute('checked')
      )
        continue
      if (field.getAttribute('type') === 'submit') continue
      body.set(field.getAttribute('name') ?? '', field.getAttribute('value') ?? '')
    }
    const name = button.getAttribute('name')
    if (name !== null) body.set(name, button.getAttribute('value') ?? '')
    for (const [field, value] of Object.entries(options.fields ?? {})) body.set(field, value)
    const action = new URL(form.getAttribute('action') ?? page.url.href, page.url)
    const init = { method: 'POST', body, headers: { origin: page.url.origin } }
    return this.visit(action, options.stopAt ? { init, stopAt: options.stopAt } : { init })
  }

  cookiesOf(url: URL): ReadonlyMap<string, string> {
    return this.#cookies.get(url.host) ?? new Map()
  }

  async #send(url: URL, init: RequestInit): Promise<Response> {
    const jar = this.#cookies.get(url.host) ?? new Map<string, string>()
    this.#cookies.set(url.host, jar)
    const headers = new Headers(init.headers)
    if (jar.size > 0)
      headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/max-age=0/i.test(cookie) || /expires=Thu, 01 Jan 1970/i.test(cookie)) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
}
