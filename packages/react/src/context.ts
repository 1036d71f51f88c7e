import { createContext, useContext, useMemo } from 'react'
import type { KeywellClient } from './core/index.ts'
import type { MessagesOverride } from './messages.ts'
import type { ClassNames } from './parts.ts'
import { mergeTexts } from './texts/texts.ts'

/** What the provider shares with the components below it. */
export interface Keywell {
  readonly client: KeywellClient
  /** The app's own texts; a component reads its part with {@link useTexts}. */
  readonly messages: MessagesOverride
  /** Language tag that dates and lists are written in. */
  readonly locale: string
  /** The app's own, by part. */
  readonly classNames: ClassNames | undefined
  /** Has screen readers read a sentence. */
  readonly announce: (sentence: string) => void
}

export const KeywellContext: React.Context<Keywell | null> = createContext<Keywell | null>(null)

/** Null outside of a `KeywellProvider`. */
export function useKeywellIfAny(): Keywell | null {
  return useContext(KeywellContext)
}

/** @throws Error outside of a `KeywellProvider` */
export function useKeywell(): Keywell {
  const keywell = useKeywellIfAny()
  if (keywell === null) {
    throw new Error('Keywell: put <KeywellProvider> around this.')
  }
  return keywell
}

/** The texts of a component, by its English ones. */
export function useTexts<English extends object>(english: English): English {
  const { messages } = useKeywell()
  return useMemo(() => mergeTexts(english, messages), [english, messages])
}
