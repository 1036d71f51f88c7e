import { createContext, useContext } from 'react'
import type { KeywellClient } from './core/index.ts'
import type { Messages } from './messages.ts'

/** What the provider shares with the components below it. */
export interface Keywell {
  readonly client: KeywellClient
  readonly messages: Messages
  /** Has screen readers read a sentence. */
  readonly announce: (sentence: string) => void
}

export const KeywellContext: React.Context<Keywell | null> = createContext<Keywell | null>(null)

/** @throws Error outside of a `KeywellProvider` */
export function useKeywell(): Keywell {
  const keywell = useContext(KeywellContext)
  if (keywell === null) {
    throw new Error(
      'Keywell: this is outside of <KeywellProvider>. Put <KeywellProvider> around it.',
    )
  }
  return keywell
}
