/** Milliseconds since it was made. */
export type Stopwatch = () => number

/**
 * The larger of two clocks: the monotonic one may stand still while a machine sleeps, and the wall clock
 * may be set back. Counting too much only makes a process too careful.
 */
export function startStopwatch(
  clocks: { monotonic: () => number; wall: () => number } = {
    monotonic: () => performance.now(),
    wall: Date.now,
  },
): Stopwatch {
  const began = { monotonic: clocks.monotonic(), wall: clocks.wall() }
  return () => Math.max(clocks.monotonic() - began.monotonic, clocks.wall() - began.wall)
}
