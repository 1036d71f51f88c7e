import { verifies } from '../../oauth/pkce.ts'
import type { Clock } from './clock.ts'
import { hexadecimal, randomText } from './random.ts'

/** What a person has agreed to, until its code is exchanged. */
export interface Consent {
  clientId: string
  username: string
  scopes: readonly string[]
  /** As the authorisation request named it; null if it named none. */
  redirectUri: string | null
  /** S256 only: what a `plain` challenge means is for each provider to refuse. */
  challenge: string | null
  nonce?: string | undefined
}

export type CodeRefusal =
  | 'unknown'
  | 'expired'
  | 'used'
  | 'other_client'
  | 'redirect_uri'
  | 'verifier'

export interface CodeUse {
  clientId: string
  redirectUri: string | undefined
  verifier: string | undefined
}

interface Code {
  consent: Consent
  expiresAt: number | null
  used: boolean
}

export interface CodeOptions {
  lifetimeSeconds: number
  /** Whether an exchange may leave out the redirect URI that the authorisation request named. */
  mayOmitRedirectUri?: boolean
  make?: () => string
}

/** Authorisation codes: each works once, for its client, until it expires. */
export class Codes {
  readonly #clock: Clock
  readonly #lifetimeSeconds: number
  readonly #mayOmitRedirectUri: boolean
  readonly #make: () => string
  readonly #codes = new Map<string, Code>()

  constructor(clock: Clock, options: CodeOptions) {
    this.#clock = clock
    this.#lifetimeSeconds = options.lifetimeSeconds
    this.#mayOmitRedirectUri = options.mayOmitRedirectUri ?? false
    this.#make = options.make ?? (() => randomText(20, hexadecimal))
  }

  issue(consent: Consent): string {
    const code = this.#make()
    const expiresAt = this.#clock.after(this.#lifetimeSeconds)
    this.#codes.set(code, { consent, expiresAt, used: false })
    return code
  }

  /** The consent, or why there is none. A refusal leaves the code as it was. */
  take(value: string, use: CodeUse): Consent | CodeRefusal {
    const code = this.#codes.get(value)
    if (code === undefined) return 'unknown'
    const { consent } = code
    if (consent.clientId !== use.clientId) return 'other_client'
    if (code.used) return 'used'
    if (this.#clock.isPast(code.expiresAt)) return 'expired'
    const omitted = use.redirectUri === undefined && this.#mayOmitRedirectUri
    if (!omitted && (use.redirectUri ?? null) !== consent.redirectUri) return 'redirect_uri'
    const { challenge } = consent
    const s256 = challenge === null ? null : { method: 'S256' as const, value: challenge }
    if (!verifies(s256, use.verifier)) return 'verifier'
    code.used = true
    return consent
  }
}
