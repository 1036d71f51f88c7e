import type { After } from '../clock.ts'
import type { Logger } from '../logger.ts'

interface Parts {
  /** The database's time, in milliseconds since 1970. */
  databaseNow: () => Promise<number>
  /** This machine's. */
  now: () => number
  after: After
  logger: Pick<Logger, 'error'>
}

const pauseMs = 60_000
const maxSkewMs = 5_000

export interface ClockSkew {
  start(): void
  stop(): Promise<void>
  /** Seconds that this machine is ahead; undefined until the database has answered. */
  readonly seconds: number | undefined
}

/**
 * Compares this machine's clock with the database's once a minute. Times that two processes compare are the
 * database's, so a wrong clock here decides nothing. It makes the times in logs and the lifetimes of signed
 * tokens wrong.
 */
export function createClockSkew({ databaseNow, now, after, logger }: Parts): ClockSkew {
  let seconds: number | undefined
  let cancelNext = () => {}
  let measuring: Promise<void> = Promise.resolve()
  let stopped = false

  async function measure(): Promise<void> {
    const before = now()
    const there = await databaseNow()
    const roundTripMs = now() - before
    const skewMs = before + roundTripMs / 2 - there
    seconds = skewMs / 1000
    // A slow answer is no wrong clock: the error of the measurement is half of its way.
    if (Math.abs(skewMs) - roundTripMs / 2 <= maxSkewMs) return
    logger.error({ alarm: 'clock_skew', skewMs: Math.round(skewMs) }, 'clock skew')
  }

  function measureOn(): void {
    // An unavailable database is reported elsewhere; the last value stands.
    measuring = measure().catch(() => {})
    void measuring.then(() => {
      if (!stopped) cancelNext = after(pauseMs, measureOn)
    })
  }

  return {
    start: measureOn,
    async stop() {
      stopped = true
      cancelNext()
      await measuring
    },
    get seconds() {
      return seconds
    },
  }
}
