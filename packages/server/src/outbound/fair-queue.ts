/** The properties that decide the order of two calls. */
export interface Waiting {
  /** Undefined: a call of the service itself, which waits like one of a tenant. */
  readonly tenantId: string | undefined
  /** No request waits for the answer: such a call starts after all others. */
  readonly background: boolean
}

/**
 * Calls that wait for one host: the interactive ones first, and among equals the tenants in turn. A tenant with
 * one call waits for at most one call of each other tenant.
 */
export class FairQueue<Call extends Waiting> {
  readonly #interactive = new TenantTurns<Call>()
  readonly #background = new TenantTurns<Call>()
  readonly #max: number

  constructor(options: { max: number }) {
    this.#max = options.max
  }

  get size(): number {
    return this.#interactive.size + this.#background.size
  }

  /**
   * Returns the call that is dropped when there are too many, which may be the new one: a background
   * call before an interactive one, and then the newest of the tenant with the most.
   */
  add(call: Call): Call | undefined {
    this.#turnsOf(call).add(call)
    if (this.size <= this.#max) return undefined
    const surplus = this.#background.newestOfLongest() ?? this.#interactive.newestOfLongest()
    if (surplus !== undefined) this.remove(surplus)
    return surplus
  }

  /** Takes out whose turn it is. */
  take(options: { background: boolean }): Call | undefined {
    return this.#interactive.take() ?? (options.background ? this.#background.take() : undefined)
  }

  /** False when it was not there any more. */
  remove(call: Call): boolean {
    return this.#turnsOf(call).remove(call)
  }

  takeAll(): Call[] {
    return [...this.#interactive.takeAll(), ...this.#background.takeAll()]
  }

  #turnsOf(call: Call): TenantTurns<Call> {
    return call.background ? this.#background : this.#interactive
  }
}

/** The tenants that have a call waiting, the next in turn first; a set keeps the order of its calls. */
class TenantTurns<Call extends Waiting> {
  readonly #callsOf = new Map<string | undefined, Set<Call>>()
  size = 0

  add(call: Call): void {
    const calls = this.#callsOf.get(call.tenantId) ?? new Set()
    this.#callsOf.set(call.tenantId, calls.add(call))
    this.size += 1
  }

  remove(call: Call): boolean {
    const calls = this.#callsOf.get(call.tenantId)
    if (!calls?.delete(call)) return false
    if (calls.size === 0) this.#callsOf.delete(call.tenantId)
    this.size -= 1
    return true
  }

  take(): Call | undefined {
    for (const [tenantId, calls] of this.#callsOf) {
      for (const call of calls) {
        this.remove(call)
        // To the end of the line, if there is more.
        if (this.#callsOf.delete(tenantId)) this.#callsOf.set(tenantId, calls)
        return call
      }
    }
    return undefined
  }

  takeAll(): Call[] {
    const all = [...this.#callsOf.values()].flatMap((calls) => [...calls])
    this.#callsOf.clear()
    this.size = 0
    return all
  }

  newestOfLongest(): Call | undefined {
    let longest: Set<Call> | undefined
    for (const calls of this.#callsOf.values()) {
      if (calls.size >= (longest?.size ?? 0)) longest = calls
    }
    return longest && [...longest].at(-1)
  }
}
