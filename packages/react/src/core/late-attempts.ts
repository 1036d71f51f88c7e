import { asConnectError } from './error.ts'

export type Attempts = typeof import('./attempt.ts')

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
