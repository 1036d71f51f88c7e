/** Acts every so many milliseconds, whether or not the act before has come to its end. */
export function steadily(
  pauseMs: number,
  act: (count: number) => Promise<void>,
): {
  /** How many were begun. */
  count(): number
  /** Begins no more, and waits for those that were begun. */
  stop(): Promise<void>
} {
  const open = new Set<Promise<void>>()
  let count = 0
  const timer = setInterval(() => {
    const acting: Promise<void> = act(count).finally(() => open.delete(acting))
    open.add(acting)
    count += 1
  }, pauseMs)
  return {
    count: () => count,
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
    },
  }
}
