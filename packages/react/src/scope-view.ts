import type { Connection, ScopeName } from '@keywell/protocol'
import {
  chooseScopes,
  compareScopes,
  offeredPresets,
  planScopes,
  type ScopeOptions,
  type ScopeRow,
  toolsOf,
} from './core/index.ts'
import type { Wording } from './scope-words.ts'
import type { ScopeTexts } from './texts/scopes.ts'
import { fill } from './texts/texts.ts'

/** What scopes are chosen for, and what is chosen at first. */
export interface ScopeWishes {
  readonly connection: Connection | undefined
  /** Names of the tools that the app uses. */
  readonly tools: readonly string[] | undefined
  readonly defaultValue: readonly ScopeName[] | undefined
}

/** What is offered, with the tools that the app uses. Undefined where there is nothing to choose from. */
export function offerFor(
  offer: ScopeOptions,
  tools: readonly string[] | undefined,
): ScopeOptions | undefined {
  if (offer.scopes.length === 0) return undefined
  return tools ? { ...offer, tools: offer.tools.filter(({ name }) => tools.includes(name)) } : offer
}

/** What is chosen before a person has chosen: never less than the connection may do. */
export function firstChoice(
  offer: ScopeOptions,
  { connection, tools, defaultValue }: ScopeWishes,
): readonly string[] {
  const { scopes: granted } = connection ?? { scopes: [] }
  const [least] = offeredPresets(offer)
  const planned = tools && planScopes({ provider: offer, tools }).scopes
  const wanted = defaultValue ?? planned ?? (connection ? [] : least?.scopes) ?? []
  return chooseScopes(offer, [...wanted, ...granted])
}

/** What a choice changes about one scope of a connection. */
export function changeOf(
  { scope: { name }, state }: ScopeRow,
  { offer, connection }: { offer: ScopeOptions; connection: Connection | undefined },
): 'kept' | 'added' | 'removed' | undefined {
  if (connection === undefined || state === 'included') return undefined
  const { added } = compareScopes(offer, { granted: connection.scopes, chosen: [name] })
  const wasGranted = added.length === 0
  if (state === 'open') return wasGranted ? 'removed' : undefined
  return wasGranted ? 'kept' : 'added'
}

/** What works with a choice, in one sentence. */
export function summaryOf(
  { offer, chosen }: { offer: ScopeOptions; chosen: readonly string[] },
  parts: {
    texts: ScopeTexts['scopes']
    wording: Wording
    locale: string
    /** The tools of the offer are those that the app needs. */
    isForTools: boolean
  },
): { readonly text: string; readonly isWarning: boolean } {
  const { texts, wording, locale, isForTools } = parts
  const { tools } = offer
  if (chosen.length === 0) return { text: texts.empty, isWarning: true }
  if (tools.length === 0) {
    return { text: fill(texts.count, { count: String(chosen.length) }), isWarning: false }
  }
  const { allowed, blocked } = toolsOf({ provider: offer, scopes: chosen })
  const missing = tools.filter((tool) => blocked.some(({ name }) => name === tool.name))
  if (isForTools && missing.length > 0) {
    const list = new Intl.ListFormat(locale).format(missing.map(wording.tool))
    return { text: fill(texts.broken, { list }), isWarning: true }
  }
  const numbers = { count: String(allowed.length), total: String(tools.length) }
  return { text: fill(texts.summary, numbers), isWarning: false }
}
