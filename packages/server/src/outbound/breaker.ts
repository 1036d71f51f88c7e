/** Calls are let go; none but one a second; or more and more of them, as long as they succeed. */
export type BreakerState = 'closed' | 'open' | 'half_open'

/** Given out at the start of a call, handed back with its result. */
export interface BreakerTicket {
  readonly phase: number
}

/** `neutral` says nothing about the host: the caller gave up, or nothing was asked. */
export type BreakerResult = 'good' | 'failed' | 'neutral'

const windowMs = 30_000
const slotMs = 1_000
const fewestCalls = 20
const failedShare = 0.5
const trialPauseMs = 1_000
/** 1 + 2 + 4 + 8 + 16: five doublings without a failure. */
const enoughSuccesses = 31

/**
 * Keeps away from a host that fails: opens when at least half of at least 20 calls in 30 s failed,
 * lets one call per second through to see, and after the first success as many at once as have
 * succeeded, so 1, 2, 4 and so on.
 */
export class Breaker {
  #state: BreakerState = 'closed'
  /** Grows with each change of state: results of calls from before it tell of another time. */
  #phase = 0
  #recent = new RecentCalls()
  #successes = 0
  #underWay = 0
  #nextTrialAt = 0
  #trialPauseMs = trialPauseMs

  get state(): BreakerState {
    return this.#state
  }

  /** With several replicas, all of them together send one trial per second. */
  setShare(share: number): void {
    this.#trialPauseMs = trialPauseMs / share
  }

  /** How many calls may start at this moment. */
  capacity(now: number): number {
    if (this.#state === 'closed') return Number.POSITIVE_INFINITY
    const trial = now >= this.#nextTrialAt ? 1 : 0
    const allowed = this.#state === 'half_open' ? 1 + this.#successes : 0
    // A call that hangs must not keep the others out: one per second may always go.
    return Math.max(trial, allowed - this.#underWay)
  }

  /** Milliseconds until there is room, if no call ends before. */
  msUntilCapacity(now: number): number {
    return this.capacity(now) > 0 ? 0 : Math.ceil(this.#nextTrialAt - now)
  }

  start(now: number): BreakerTicket {
    this.#underWay += 1
    this.#nextTrialAt = now + this.#trialPauseMs
    return { phase: this.#phase }
  }

  end(ticket: BreakerTicket, result: BreakerResult, now: number): void {
    if (ticket.phase !== this.#phase) return
    this.#underWay -= 1
    if (result === 'neutral') return
    if (this.#state === 'closed') this.#watch(result, now)
    else if (result === 'good') this.#recover(now)
    else if (this.#state === 'half_open') this.#enter('open', now)
  }

  #watch(result: BreakerResult, now: number): void {
    this.#recent.add(result, now)
    const { calls, failed } = this.#recent.count(now)
    if (calls >= fewestCalls && failed >= calls * failedShare) this.#enter('open', now)
  }

  #recover(now: number): void {
    if (this.#state === 'open') this.#enter('half_open', now)
    this.#successes += 1
    if (this.#successes >= enoughSuccesses) this.#enter('closed', now)
  }

  #enter(state: BreakerState, now: number): void {
    this.#state = state
    this.#phase += 1
    this.#recent = new RecentCalls()
    this.#successes = 0
    this.#underWay = 0
    if (state === 'open') this.#nextTrialAt = now + this.#trialPauseMs
  }
}

/** Results of the last 30 s, counted by the second: what is kept doesn't grow with the calls. */
class RecentCalls {
  readonly #slots: { since: number; calls: number; failed: number }[] = []

  add(result: BreakerResult, now: number): void {
    this.#forgetOld(now)
    let slot = this.#slots.at(-1)
    if (slot === undefined || now - slot.since >= slotMs) {
      slot = { since: now, calls: 0, failed: 0 }
      this.#slots.push(slot)
    }
    slot.calls += 1
    if (result === 'failed') slot.failed += 1
  }

  count(now: number): { calls: number; failed: number } {
    this.#forgetOld(now)
    const sum = { calls: 0, failed: 0 }
    for (const slot of this.#slots) {
      sum.calls += slot.calls
      sum.failed += slot.failed
    }
    return sum
  }

  #forgetOld(now: number): void {
    for (
      let [oldest] = this.#slots;
      oldest && now - oldest.since >= windowMs;
      [oldest] = this.#slots
    )
      this.#slots.shift()
  }
}
