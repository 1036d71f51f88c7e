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
 * A credential, ready to use. `credential`, `fields` and the values of `headers` are secrets: they are read by name,
 * and show as `[redacted]` in logs, in JSON and in Node's inspection; a spread copy leaves them out.
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
  /** Ready to send, all of them. */
  readonly headers: readonly CredentialHeader[]
  readonly #credential: string
  readonly #fields: Readonly<Record<string, string>> | undefined

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
    const headers = answer.headers.map(({ name, value }) => new CredentialHeader(name, value))
    this.headers = Object.freeze(headers)
    this.#credential = answer.credential
    this.#fields = answer.fields && Object.freeze({ ...answer.fields })
    Object.freeze(this)
  }

  /** The secret itself: the access token, or the main secret of a key. */
  get credential(): string {
    return this.#credential
  }

  /** Of a key: what its user typed, by the names of its fields, for a client that signs in itself. */
  get fields(): Readonly<Record<string, string>> | undefined {
    return this.#fields
  }

  /** The only one of `headers`; undefined: there are several. */
  get header(): CredentialHeader | undefined {
    return this.headers.length === 1 ? this.headers[0] : undefined
  }

  toJSON(): object {
    return { ...this, credential: redacted, ...(this.#fields && { fields: redacted }) }
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
