import type { Connection, ScopeName } from '@keywell/protocol'
import { useEffect, useRef, useState } from 'react'
import { chooseScopes, offeredPresets, planScopes, type ScopeOptions } from './core/index.ts'

export interface ChosenScopes {
  readonly offer: ScopeOptions
  /** What is asked for. */
  readonly chosen: readonly string[]
  readonly pick: (scopes: readonly string[]) => void
}

interface Wishes {
  readonly connection: Connection | undefined
  readonly tools: readonly string[] | undefined
  readonly value: readonly ScopeName[] | undefined
  readonly defaultValue: readonly ScopeName[] | undefined
  readonly onChange: ((scopes: ScopeName[]) => void) | undefined
}

/**
 * The choice of a picker, its own or the app's, bounded by what is offered. Undefined before that is known. The app
 * hears of it once it is, and of each change: a name that is not offered does not come back to it.
 */
export function useChosenScopes(
  offer: ScopeOptions | undefined,
  wishes: Wishes,
): ChosenScopes | undefined {
  const { value, onChange } = wishes
  const [picked, setPicked] = useState<readonly string[]>()
  const chosen = offer && chooseScopes(offer, value ?? picked ?? firstChoice(offer, wishes))
  const text = chosen?.join(' ')
  /** What the app knows. */
  const told = useRef<string>(undefined)

  // biome-ignore lint/correctness/useExhaustiveDependencies: a handler of the next render hears of the next choice
  useEffect(() => {
    if (chosen === undefined || text === told.current) return
    told.current = text
    if (text !== value?.join(' ')) onChange?.([...chosen])
  }, [text])

  if (offer === undefined || chosen === undefined) return undefined
  const pick = (scopes: readonly string[]): void => {
    if (scopes.join(' ') === text) return
    setPicked(scopes)
    told.current = scopes.join(' ')
    onChange?.([...scopes])
  }
  return { offer, chosen, pick }
}

/** What is chosen before a person has chosen: never less than the connection may do. */
function firstChoice(
  offer: ScopeOptions,
  { connection, tools, defaultValue }: Wishes,
): readonly string[] {
  const { scopes: granted } = connection ?? { scopes: [] }
  const [least] = offeredPresets(offer)
  const planned = tools && planScopes({ provider: offer, tools }).scopes
  const wanted = defaultValue ?? planned ?? (connection ? [] : least?.scopes) ?? []
  return [...wanted, ...granted]
}
