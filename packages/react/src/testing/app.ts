import type { Connection, ConnectionId } from '@keywell/protocol'
import type { AppAddresses, Step, UserStep } from '../../../../test/support/app-setup.ts'
import { type Browser, createBrowser } from './browser.ts'

/** jsdom itself, from Vitest's environment. */
declare const jsdom: { reconfigure(settings: { url: string }): void }

/** A browser at the real app, with a user of its own, and what this user does outside of the page. */
export interface App {
  readonly browser: Browser
  /** Of the Keywell service. */
  readonly serviceUrl: string
  /** Who is signed in at the app. */
  userId: string
  /** Follows the form that the page posted last: the browser is then at the provider. */
  goToProvider(): Promise<void>
  /** Signs in at the provider, and decides. The browser is then at the app again. Returns its address there. */
  decide(decision?: 'authorize' | 'deny', as?: string): Promise<string>
  /** Loads that page of the app. Returns the address where the browser is then. */
  finish(): Promise<string>
  /** Pastes a key into the form of the service, where a flow by a key leads. The browser is then at the app again. */
  pasteKey(as?: string): Promise<void>
  /** All three. */
  consent(as?: string): Promise<void>
  /** Connects by an API key, without a flow. */
  addConnection(options?: { connectionName?: string; expiresOn?: string }): Promise<Connection>
  /** Removes a connection, as another window would. */
  disconnect(connectionId: ConnectionId): Promise<void>
  /** Withdraws the grant at the provider, so that the connection needs another consent. */
  revoke(): Promise<void>
}

let users = 0

/**
 * Loads the app's start page, as a user who has connected nothing.
 *
 * @param addresses `inject('app')`
 */
export function openApp({ url, serviceUrl, stepsUrl }: AppAddresses): App {
  jsdom.reconfigure({ url: `${url}/` })

  async function send(request: Request): Promise<Response> {
    const isOfApp = request.url.startsWith(url)
    const headers = {
      ...Object.fromEntries(request.headers),
      origin: url,
      ...(isOfApp && { cookie: `user=${app.userId}` }),
    }
    const body = request.body === null ? null : await request.text()
    return fetch(request.url, { method: request.method, headers, body })
  }

  async function take<Answer>(step: Step): Promise<Answer> {
    const userStep: UserStep = { ...step, userId: app.userId }
    const body = JSON.stringify(userStep)
    const response = await fetch(stepsUrl, { method: 'POST', body })
    if (!response.ok) throw new Error(`${step.step}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  users += 1
  const app: App = {
    browser: createBrowser(send),
    serviceUrl,
    userId: `usr_${users}_${Math.random().toString(36).slice(2)}`,
    async goToProvider() {
      const form = app.browser.forms.at(-1)
      if (form === undefined) throw new Error('No form was posted.')
      const { action: startUrl, fields } = form
      await take({ step: 'start', startUrl, startCode: fields.start_code ?? '' })
    },
    async decide(decision, as) {
      const { url } = await take<{ url: string }>({ step: 'consent', decision, as })
      return url
    },
    async pasteKey(as) {
      await take({ step: 'paste', as })
    },
    async finish() {
      const { url } = await take<{ url: string }>({ step: 'finish' })
      return url
    },
    async consent(as) {
      await app.goToProvider()
      await app.decide('authorize', as)
      await app.finish()
    },
    addConnection: (options) => take({ step: 'connect', ...options }),
    disconnect: (connectionId) => take({ step: 'disconnect', connectionId }),
    revoke: () => take({ step: 'revoke' }),
  }
  return app
}
