import type {
  Account,
  ConnectionId,
  CredentialAnswer,
  CredentialType,
  ToolLimits,
} from '@keywell/protocol'

const redacted = '[redacted]'
/** Shared: nearly every credential has it. */
const none: readonly string[] = Object.freeze([])
/** Node's name for "show yourself in a log"; elsewhere it is an unused symbol. */
const inspect = Symbol.for('nodejs.util.inspect.custom')

/**
 * A credential, ready to use. `credential` and `header.value` are secrets: they are read by name, and
 * show as `[redacted]` in logs, in JSON and in Node's inspection; a spread copy leaves them out.
 * Frozen. One object is made per generation, so `===` shows whether anything changed.
 */
export class Credential {
  readonly type: CredentialType
  readonly connectionId: ConnectionId
  /** Grows by one at each replacement. */
  readonly generation: number
  /** End of the access token by the service's clock, ISO 8601; null: it has none. */
  readonly expiresAt: string | null
  /** What the user granted, as the provider said. */
  readonly scopes: readonly string[]
  /** Of the scopes that the call named: those that were not granted. */
  readonly missingScopes: readonly string[]
  /** Base URL of the instance, relative root included, without a slash at the end. */
  readonly host: string
  readonly account: Readonly<Account>
  /** What the tenant's policy says of tools that would use it, see `allowsTool`; undefined: nothing. */
  readonly toolLimits: Readonly<ToolLimits> | undefined
  /** Ready to send: `headers: { [header.name]: header.value }`. */
  readonly header: CredentialHeader
  readonly #credential: string

  constructor(answer: CredentialAnswer) {
    this.type = answer.type
    this.connectionId = answer.connectionId
    this.generation = answer.generation
    this.expiresAt = answer.expiresAt
    this.scopes = Object.freeze([...answer.scopes])
    this.missingScopes =
      answer.missingScopes.length === 0 ? none : Object.freeze([...answer.missingScopes])
    this.host = answer.host
    const { id, name, username, avatarUrl } = answer.account
    // Written out: a frozen copy by spread weighs three times as much.
    this.account = Object.freeze({ id, name, username, avatarUrl })
    this.toolLimits = answer.toolLimits && Object.freeze({ ...answer.toolLimits })
    this.header = new CredentialHeader(answer.header.name, answer.header.value)
    this.#credential = answer.credential
    Object.freeze(this)
  }

  /** The secret itself: the access token, the key, or `user:password`. */
  get credential(): string {
    return this.#credential
  }

  toJSON(): object {
    return { ...this, credential: redacted }
  }

  static {
    const { prototype } = Credential
    Object.defineProperty(prototype, inspect, { value: prototype.toJSON })
  }
}

/** A header whose value shows only when it is asked for by name. */
export class CredentialHeader {
  readonly name: string
  readonly #value: string

  constructor(name: string, value: string) {
    this.name = name
    this.#value = value
    Object.freeze(this)
  }

  get value(): string {
    return this.#value
  }

  toJSON(): object {
    return { name: this.name, value: redacted }
  }

  static {
    const { prototype } = CredentialHeader
    Object.defineProperty(prototype, inspect, { value: prototype.toJSON })
  }
}
