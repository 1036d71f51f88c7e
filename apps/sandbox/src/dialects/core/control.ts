import type { Clock } from './clock.ts'
import type { FaultInput, RecordedRequest, Wire } from './wire.ts'

/** What a test has of every stand-in. */
export interface Control {
  /** Every request so far. */
  requests(): readonly RecordedRequest[]
  /** Requests that no source speaks of, each with the reason: a right client makes none. */
  unexpected(): string[]
  /** Moves the clock forwards. */
  advance(seconds: number): void
  /** Makes something go wrong. Default: once. */
  addFault(fault: FaultInput): void
  /** Writes down what a site remembers; it does so by itself after each request that may change something. */
  save(): void
  /** Ends the listeners and every connection. */
  stop(): Promise<void>
}

export function control(wire: Wire<string>, clock: Clock): Control {
  return {
    requests: () => wire.requests,
    unexpected: () =>
      wire.requests
        .filter(({ unexpected }) => unexpected !== undefined)
        .map(({ method, path, unexpected }) => `${method} ${path}: ${unexpected}`),
    advance: (seconds) => clock.advance(seconds),
    addFault: (fault) => wire.addFault(fault),
    save: () => wire.save(),
    stop: () => wire.stop(),
  }
}
