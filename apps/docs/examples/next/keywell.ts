import { Keywell } from '@keywell/sdk'

/** One for the process, made at the first request: `next build` has no API key. */
export const keywell: () => Keywell = once(() => new Keywell())

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => {
    made ??= make()
    return made
  }
}
