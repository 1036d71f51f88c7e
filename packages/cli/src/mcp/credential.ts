/** The one credential of a server without a vault. */
import type { Secret } from '@keywell/protocol'
import { requestToken } from './client-token.ts'
import type { Instance } from './instance.ts'
import type { Place } from './place.ts'
import type { Settings } from './settings.ts'

/** A token is renewed so long before its end. */
const marginMs = 30_000
export interface Token {
  readonly secret: Secret
  /** Grows with each that is made. */
  readonly generation: number
}

export interface Credential {
  /** @throws Error when none can be had */
  token(): Promise<Token>
  /** Makes a newer one than this generation. False: there is none to be had. */
  renew(generation: number): Promise<boolean>
}

export function openCredential(parts: {
  settings: Pick<Settings, 'credential'>
  place: Place
  instance: Instance
  now: () => number
}): Credential {
  const { credential } = parts.settings
  if (credential.kind === 'client') return clientCredential(parts, credential)
  return {
    token: async () => ({ secret: credential.token, generation: 1 }),
    renew: async () => false,
  }
}

type Client = Extract<Settings['credential'], { kind: 'client' }>
type Parts = Parameters<typeof openCredential>[0]

function clientCredential(parts: Parts, client: Client): Credential {
  let held: { token: Token; endsAt: number } | undefined
  let underWay: Promise<Token> | undefined

  async function make(): Promise<Token> {
    const { secret, lifeMs } = await requestToken(parts, client)
    const token = { secret, generation: (held?.token.generation ?? 0) + 1 }
    held = { token, endsAt: parts.now() + lifeMs }
    return token
  }
  /** Calls that wait at the same moment get the same one. */
  function makeOnce(): Promise<Token> {
    underWay ??= make().finally(() => {
      underWay = undefined
    })
    return underWay
  }
  return {
    async token() {
      if (held !== undefined && held.endsAt - marginMs > parts.now()) return held.token
      return makeOnce()
    },
    async renew(generation) {
      if (held !== undefined && held.token.generation > generation) return true
      return makeOnce().then(
        () => true,
        () => false,
      )
    },
  }
}
