import {
  type ChangeKeys,
  changeToken,
  type StreamEvent,
  streamEventSchema,
} from '@keywell/protocol'
import * as jose from 'jose'

/** Between two fetches of the keys for the sake of a key that is not among them. */
const cooldownMs = 30_000
/** Keys that are older are fetched again, so that one that was withdrawn is not trusted for ever. */
const keysLifeMs = 10 * 60_000

/** An event that this installation did not sign; or nobody at all. */
export class RefusedEvent extends Error {}

export interface EventCheckParts {
  readonly fetchKeys: () => Promise<ChangeKeys>
  /** Monotonic milliseconds. */
  readonly now: () => number
}

interface HeldKeys {
  readonly issuer: string
  readonly find: ReturnType<typeof jose.createLocalJWKSet>
  readonly fetchedAtMs: number
}

/** Tells what the service has said from what somebody on the way would like it to have said. */
export class EventCheck {
  readonly #parts: EventCheckParts
  #held: HeldKeys | undefined

  constructor(parts: EventCheckParts) {
    this.#parts = parts
  }

  /**
   * What a token says. Undefined: it is genuine, and of a newer service that says what is not known here.
   *
   * @throws RefusedEvent; and what `fetchKeys` throws
   */
  async read(token: string): Promise<StreamEvent | undefined> {
    const claims = await this.#claimsOf(token)
    const event = streamEventSchema.safeParse(claims)
    return event.success ? event.data : undefined
  }

  async #claimsOf(token: string): Promise<jose.JWTPayload> {
    const held = this.#heldFor(keysLifeMs) ?? (await this.#fetch())
    try {
      return await claimsBy(held, token)
    } catch (error) {
      const isUnknownKey = error instanceof jose.errors.JWKSNoMatchingKey
      if (!isUnknownKey || this.#heldFor(cooldownMs) !== undefined) throw refusal(error)
    }
    const fetched = await this.#fetch()
    return claimsBy(fetched, token).catch((error: unknown) => {
      throw refusal(error)
    })
  }

  /** The keys, unless they are older than that. */
  #heldFor(lifeMs: number): HeldKeys | undefined {
    const held = this.#held
    return held !== undefined && this.#parts.now() - held.fetchedAtMs < lifeMs ? held : undefined
  }

  async #fetch(): Promise<HeldKeys> {
    const { issuer, keys } = await this.#parts.fetchKeys()
    const find = jose.createLocalJWKSet({ keys })
    this.#held = { issuer, find, fetchedAtMs: this.#parts.now() }
    return this.#held
  }
}

async function claimsBy({ issuer, find }: HeldKeys, token: string): Promise<jose.JWTPayload> {
  const { algorithm, audience, type } = changeToken
  const { payload } = await jose.jwtVerify(token, find, {
    algorithms: [algorithm],
    issuer,
    audience,
    typ: type,
  })
  return payload
}

function refusal(cause: unknown): RefusedEvent {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new RefusedEvent(`sent an event that the service did not sign (${reason})`, { cause })
}
