const pauseMs = 20
const limitMs = 15_000

/**
 * Waits until something is true of a part that works by itself, and fails with `what` if it never is.
 * The limit is generous: it ends a broken test, and measures nothing.
 */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`never became true: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
