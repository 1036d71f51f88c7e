import { asConnectError, type ConnectError } from './error.ts'
import { whenLoaded } from './when-loaded.ts'

type Attempts = typeof import('./attempt.ts')

/**
 * What a click needs, and the first paint of a page does not. It is fetched as soon as a button is attached.
 *
 * @throws ConnectError
 */
export function loadAttempts(): Promise<Attempts> {
  return import('./attempt.ts').catch((thrown: unknown) => {
    throw asConnectError(thrown)
  })
}

/** Calls `use` with it, or `onFailure`. */
export const withAttempts: (
  use: (loaded: Attempts) => unknown,
  onFailure?: (error: ConnectError) => void,
) => void = whenLoaded(loadAttempts)
