import type { ScopeName } from '@keywell/protocol'
import { useEffect, useRef, useState } from 'react'
import { chooseScopes, type ScopeOptions } from './core/index.ts'
import { firstChoice, type ScopeWishes } from './scope-view.ts'

export interface ChosenScopes {
  readonly offer: ScopeOptions
  /** What is asked for. */
  readonly chosen: readonly string[]
  readonly pick: (scopes: readonly string[]) => void
}

interface Wishes extends ScopeWishes {
  readonly value: readonly ScopeName[] | undefined
  readonly onChange: ((scopes: ScopeName[]) => void) | undefined
}

/**
 * The choice of a picker, its own or the app's, bounded by what is offered. Undefined before the offer is read. Then
 * `onChange` gets the choice, and each change of it: never a name that is not offered.
 */
export function useChosenScopes(
  offer: ScopeOptions | undefined,
  wishes: Wishes,
): ChosenScopes | undefined {
  const { value, onChange } = wishes
  const [picked, setPicked] = useState<readonly string[]>()
  const chosen = offer && chooseScopes(offer, value ?? picked ?? firstChoice(offer, wishes))
  const text = chosen?.join(' ')
  /** The choice that `onChange` got last. */
  const reported = useRef<string>(undefined)

  // biome-ignore lint/correctness/useExhaustiveDependencies: a handler of the next render gets the next choice
  useEffect(() => {
    if (chosen === undefined || text === reported.current) return
    reported.current = text
    if (text !== value?.join(' ')) onChange?.([...chosen])
  }, [text])

  if (offer === undefined || chosen === undefined) return undefined
  const pick = (scopes: readonly string[]): void => {
    if (scopes.join(' ') === text) return
    setPicked(scopes)
    reported.current = scopes.join(' ')
    onChange?.([...scopes])
  }
  return { offer, chosen, pick }
}
