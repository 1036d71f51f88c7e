import type { KeywellOptions } from '../index.ts'

/** Options of a Keywell whose time only passes by `pass`; without jitter. The service's clock does not move. */
export function createSteppedClock(): { options: KeywellOptions; pass(ms: number): void } {
  let nowMs = 1_000_000
  return {
    options: { now: () => nowMs, random: () => 0.5, maxStaleMs: 60_000_000 },
    pass(ms) {
      nowMs += ms
    },
  }
}
