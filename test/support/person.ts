import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

/** How many redirects a page load follows. */
const maxRedirects = 10

export interface Page {
  url: URL
  status: number
  headers: Headers
  text: string
}

/**
 * A browser without a screen: a cookie jar, and redirects by hand, those by a page too. For flows where no script matters;
 * what scripts and windows do is tested in a real browser.
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
      const text = await response.text()
      const location = response.headers.get('location') ?? refreshOf(text)
      if (location === undefined) {
        return { url, status: response.status, headers: response.headers, text }
      }
      url = new URL(location, url)
      init = {}
      if (options.stopAt?.(url))
        return { url, status: response.status, headers: response.headers, text: '' }
    }
    throw new Error(`more than ${maxRedirects} redirects, the last one to ${url.href}`)
  }

  /** One GET as a browser sends it when a person follows a link; `fetch` cannot say so. */
  async navigate(address: URL): Promise<{ status: number; text: string }> {
    const cookie = [...this.cookiesOf(address)]
      .map(([name, value]) => `${name}=${value}`)
      .join('; ')
    const sent = get(address, {
      headers: {
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        ...(cookie && { cookie }),
      },
    })
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    return { status: answer.statusCode ?? 0, text: await text(answer) }
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

/** Where a page sends its reader by itself. */
function refreshOf(text: string): string | undefined {
  return /http-equiv="refresh" content="0;url=([^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&')
}
