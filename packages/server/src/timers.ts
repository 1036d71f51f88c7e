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
