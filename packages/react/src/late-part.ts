import { useSyncExternalStore } from 'react'

/** A hook: the part; undefined until it is there and while a page is hydrated, null where it cannot be fetched. */
export interface UsePart<Part> {
  (): Part | null | undefined
  /** Fetches it; again where that failed before. All that show the part then have it. */
  fetch(): Promise<Part | null>
}

/** A part of a component whose code is fetched when the component is first shown, beside the data that it shows. */
export function latePart<Part>(load: () => Promise<Part>): UsePart<Part> {
  let part: Part | null | undefined
  const listeners = new Set<() => void>()

  async function fetch(): Promise<Part | null> {
    part = await load().catch(() => part ?? null)
    for (const listener of listeners) listener()
    return part
  }

  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    void fetch()
    return () => listeners.delete(listener)
  }
  return Object.assign(
    () =>
      useSyncExternalStore(
        subscribe,
        () => part,
        () => undefined,
      ),
    { fetch },
  )
}
