/**
 * A text that must not be seen by accident: it prints, logs, inspects and serialises as
 * `[redacted]`. It does not vanish from memory; JavaScript strings cannot be wiped.
 *
 * Two different secrets are equal for `assert.deepStrictEqual`; tests compare `expose()`.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
    Object.freeze(this)
  }

  /** The only way to the value. Its callers are listed in a test. */
  expose(): string {
    return this.#value
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [Symbol.toPrimitive](): string {
    return '[redacted]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[redacted]'
  }
}
