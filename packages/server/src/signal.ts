/** Wakes any number of waiters at once. */
export interface Signal {
  notify(): void
  /**
   * Resolves at the next notification or when `ended` aborts; at once if it has aborted already. Removes its
   * listeners then.
   */
  next(ended: AbortSignal): Promise<void>
}

export function createSignal(): Signal {
  const waiters = new Set<() => void>()
  return {
    notify() {
      for (const wake of [...waiters]) wake()
    },
    next(ended) {
      if (ended.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        function wake(): void {
          waiters.delete(wake)
          ended.removeEventListener('abort', wake)
          resolve()
        }
        waiters.add(wake)
        ended.addEventListener('abort', wake)
      })
    },
  }
}
