import type { HostLimits } from '@keywell/protocol'
import { expect } from 'vitest'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { OutboundError } from './errors.ts'
import type { Release } from './host-limiter.ts'
import { HostLimiters } from './host-limiters.ts'
import { createLimits } from './limits.ts'
import type { CallOutcome } from './outcome.ts'

export const origin = 'https://gitlab.example'

/** So much that it never matters, for tests of another rule. */
export const ample: HostLimits = { requestsPerSecond: 100_000, burst: 100_000, concurrency: 1_000 }

/** One call and where it stands. */
export interface Call {
  state: 'waiting' | 'running' | 'ended' | 'refused'
  /** When it was let go or refused. */
  at: number
  error: OutboundError | undefined
  end(outcome?: CallOutcome['kind'] | CallOutcome): Promise<void>
}

export interface CallOptions {
  origin?: string
  tenantId?: string
  background?: boolean
  signal?: AbortSignal
}

/** HostLimiters with a clock that the test turns, and calls that end when the test says so. */
export class Herd {
  readonly timers = new ManualTimers()
  readonly limiters: HostLimiters
  readonly calls: Call[] = []

  constructor(limits: Partial<HostLimits> = {}) {
    const limitsOf = createLimits({ allow: [], limits: { [origin]: { ...ample, ...limits } } })
    this.limiters = new HostLimiters({ limitsOf, now: this.timers.now, after: this.timers.after })
  }

  async call(options: CallOptions = {}): Promise<Call> {
    const { origin: to = origin, tenantId, background = false, signal } = options
    let release: Release = () => expect.fail('it is not running')
    const call: Call = {
      state: 'waiting',
      at: 0,
      error: undefined,
      end: async (outcome = 'good') => {
        release(typeof outcome === 'string' ? asOutcome(outcome) : outcome)
        call.state = 'ended'
        await settled()
      },
    }
    this.calls.push(call)
    this.limiters.acquire(to, { tenantId, background, signal }).then(
      (given) => {
        release = given
        Object.assign(call, { state: 'running', at: this.timers.now() })
      },
      (error: unknown) => {
        if (!(error instanceof OutboundError)) throw error
        Object.assign(call, { state: 'refused', at: this.timers.now(), error })
      },
    )
    await settled()
    return call
  }

  async callMany(count: number, options: CallOptions = {}): Promise<Call[]> {
    const calls: Call[] = []
    for (let made = 0; made < count; made += 1) calls.push(await this.call(options))
    return calls
  }

  /** Calls that end at once, as far as they are let go. */
  async callAndEnd(count: number, outcome: CallOutcome['kind'] | CallOutcome): Promise<Call[]> {
    const calls: Call[] = []
    for (let made = 0; made < count; made += 1) {
      const call = await this.call()
      calls.push(call)
      if (call.state === 'running') await call.end(outcome)
    }
    return calls
  }

  /** From timer to timer, so that each call is seen at its own time. */
  async advance(ms: number): Promise<void> {
    const until = this.timers.now() + ms
    for (let leftMs = ms; leftMs > 0; leftMs = until - this.timers.now()) {
      this.timers.advance(Math.min(leftMs, this.timers.nextIn))
      await settled()
    }
    await settled()
  }

  running(calls: readonly Call[] = this.calls): number {
    return calls.filter(({ state }) => state === 'running').length
  }

  get state(): string | undefined {
    return this.limiters.snapshot().find((host) => host.origin === origin)?.state
  }
}

function asOutcome(kind: CallOutcome['kind']): CallOutcome {
  return kind === 'throttled' ? { kind, retryAfterMs: null } : { kind }
}

/** Everything that a promise that is settled sets off. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
}
