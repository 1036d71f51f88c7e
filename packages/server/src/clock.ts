/** Runs something once, later; answers how to call it off. Passed in, so that a test can turn the clock. */
export type After = (ms: number, run: () => void) => () => void

/** The real one. It never keeps a process alive. */
export const after: After = (ms, run) => {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

/** A pause that never keeps a process alive. */
export type Sleep = (ms: number) => Promise<void>

export const sleep: Sleep = (ms) => new Promise((resolve) => void after(ms, resolve))

/** A number of at least 0 and below 1, for times that are not to fall together. Passed in, so that a test can choose it. */
export type Jitter = () => number

export interface Loop {
  /** Begins with a pause. */
  start(): void
  /** Takes no more turns, and waits for the one under way. */
  stop(): Promise<void>
}

/** Runs something again and again, with a pause after each turn: never twice at once. It may not throw. */
export function createLoop(run: () => Promise<void>, everyMs: number, later: After): Loop {
  let cancel = () => {}
  let running = Promise.resolve()
  let stopped = false

  function start(): void {
    if (stopped) return
    cancel = later(everyMs, () => {
      running = run().then(start)
    })
  }

  return {
    start,
    async stop() {
      stopped = true
      cancel()
      await running
    },
  }
}
