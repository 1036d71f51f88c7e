import type { ConnectOptions, routes, SessionAnswer } from '@keywell/protocol'
import { type BrowserWindow, call } from './call.ts'

/** One provider as the session may connect it: title, hosts, scopes. */
export type ProviderOptions = ConnectOptions['providers'][number]

/** The providers that the page may connect, as the service lists them for its first session. */
export interface Providers {
  /** Undefined before the list is read, and for one that is not on it. */
  readonly find: (provider: string) => ProviderOptions | undefined
  /** Reads the list once. After a failure the next session reads again. @throws ConnectError */
  readonly read: (session: SessionAnswer) => Promise<readonly ProviderOptions[]>
}

type ProvidersPath = (typeof routes.flows.options)['path']

export function createProviders(window: () => BrowserWindow): Providers {
  let list: readonly ProviderOptions[] = []
  let reading: Promise<readonly ProviderOptions[]> | undefined

  async function load({ serviceUrl, connectToken: token }: SessionAnswer) {
    const url = `${serviceUrl}/connect/providers` satisfies `${string}${ProvidersPath}`
    const answer = await call<ConnectOptions>(window().fetch, url, { token })
    list = answer.providers
    return list
  }

  return {
    find: (provider) => list.find(({ name }) => name === provider),
    read(session) {
      reading ??= load(session).catch((thrown) => {
        reading = undefined
        throw thrown
      })
      return reading
    },
  }
}
