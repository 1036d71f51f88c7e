import { useSyncExternalStore } from 'react'

/**
 * A part of a component whose code is fetched when the component is first shown, beside the data that it shows.
 *
 * @returns a hook: the part; undefined until it is there and while a page is hydrated, null where it cannot be fetched
 */
export function latePart<Part>(load: () => Promise<Part>): () => Part | null | undefined {
  let part: Part | null | undefined
  const subscribe = (listener: () => void) => {
    void load()
      .then(
        (loaded) => {
          part = loaded
        },
        () => {
          part ??= null
        },
      )
      // Of a component that is gone by then, React knows.
      .then(listener)
    return () => undefined
  }
  return () =>
    useSyncExternalStore(
      subscribe,
      () => part,
      () => undefined,
    )
}
