/**
 * What a person chooses scopes by: presets, rows and their states, and what a choice changes. Everything is bounded by
 * the scopes that `GET /connect/providers?tools=true` offers, so that a page that shows a choice can ask for nothing else.
 *
 * ```ts
 * const chosen = chooseScopes(provider, ['read_api', 'read_user']) // ['read_api'], which has the rights of the other
 * scopeRows(provider, chosen) // groups of rows: required, chosen, included, open
 * ```
 *
 * It is part of browser bundles: it imports `scopes.ts` and `scope-plan.ts` alone.
 */
import { type PlannedProvider, toolsOf } from './scope-plan.ts'
import { impliedScopes, missingScopes } from './scopes.ts'

/** A scope that is offered. */
export interface OfferedScope {
  readonly name: string
  readonly implies: readonly string[]
  /** Name of one of the `scopeGroups`. */
  readonly group: string
  readonly risk: 'low' | 'medium' | 'high' | 'critical'
  /** Asked for in any case. */
  readonly required: boolean
}

/** A provider, with the scopes to choose from and no others. */
export interface ScopeOffer<
  Scope extends OfferedScope = OfferedScope,
  Preset extends OfferedPreset = OfferedPreset,
> {
  readonly scopes: readonly Scope[]
  readonly scopeGroups: readonly { readonly name: string; readonly title: string }[]
  readonly scopePresets: readonly Preset[]
}

interface OfferedPreset {
  readonly name: string
  readonly scopes: readonly string[]
}

type Scopes = Pick<ScopeOffer, 'scopes'>

/**
 * What is asked for when a person wants these scopes: the required ones and those of the wanted that are offered,
 * without what another one of them implies. In the provider's order.
 */
export function chooseScopes(offer: Scopes, wanted: readonly string[]): readonly string[] {
  const asked = offer.scopes.filter(({ name, required }) => required || wanted.includes(name))
  // One at a time, so that of two that imply each other one stays.
  return asked
    .reduce((kept, scope) => {
      const others = kept.filter((other) => other !== scope)
      const isIncluded = impliedScopes(offer, namesOf(others)).includes(scope.name)
      return isIncluded && !scope.required ? others : kept
    }, asked)
    .map(({ name }) => name)
}

/** The choice after a person added one scope, or took it away. One that is required or included stays as it is. */
export function toggleScope(
  offer: Scopes,
  chosen: readonly string[],
  name: string,
): readonly string[] {
  if (chosen.includes(name)) {
    return chooseScopes(
      offer,
      chosen.filter((other) => other !== name),
    )
  }
  const isIncluded = impliedScopes(offer, chosen).includes(name)
  return chooseScopes(offer, isIncluded ? chosen : [...chosen, name])
}

/**
 * `required`: asked for in any case. `chosen`: asked for. `included`: another one that is asked for has its rights.
 * `open`: neither.
 */
export type ScopeState = 'required' | 'chosen' | 'included' | 'open'

export interface ScopeRow<Scope extends OfferedScope = OfferedScope> {
  readonly scope: Scope
  readonly state: ScopeState
  /** With `included`: those that are asked for and have its rights. */
  readonly includedBy: readonly string[]
}

export interface ScopeRows<Scope extends OfferedScope = OfferedScope> {
  /** Name of the group. */
  readonly name: string
  readonly title: string
  readonly rows: readonly ScopeRow<Scope>[]
}

/** All that is offered, by groups in the provider's order. */
export function scopeRows<Scope extends OfferedScope>(
  offer: Pick<ScopeOffer<Scope>, 'scopes' | 'scopeGroups'>,
  chosen: readonly string[],
): readonly ScopeRows<Scope>[] {
  const asked = chooseScopes(offer, chosen)
  const rowOf = (scope: Scope): ScopeRow<Scope> => {
    const isAsked = asked.includes(scope.name)
    const includedBy = isAsked
      ? []
      : asked.filter((name) => impliedScopes(offer, [name]).includes(scope.name))
    const unasked = includedBy.length > 0 ? 'included' : 'open'
    const state = scope.required ? 'required' : isAsked ? 'chosen' : unasked
    return { scope, state, includedBy }
  }
  return offer.scopeGroups.map(({ name, title }) => ({
    name,
    title,
    rows: offer.scopes.filter(({ group }) => group === name).map(rowOf),
  }))
}

/**
 * The presets that do what they say: all their scopes are offered, and what is required beside them is of low risk.
 * Where changing code is required, for instance, none is called "read only".
 */
export function offeredPresets<Preset extends OfferedPreset>(
  offer: Pick<ScopeOffer<OfferedScope, Preset>, 'scopes' | 'scopePresets'>,
): readonly Preset[] {
  const names = namesOf(offer.scopes)
  return offer.scopePresets.filter(({ scopes }) => {
    const rights = impliedScopes(offer, scopes)
    const beside = offer.scopes.filter(({ name, required }) => required && !rights.includes(name))
    return (
      scopes.every((name) => names.includes(name)) && beside.every(({ risk }) => risk === 'low')
    )
  })
}

/** The preset that a choice is; undefined: it is one of its own. */
export function presetOf<Preset extends OfferedPreset>(
  offer: Pick<ScopeOffer<OfferedScope, Preset>, 'scopes' | 'scopePresets'>,
  chosen: readonly string[],
): Preset | undefined {
  const asked = chooseScopes(offer, chosen)
  return offeredPresets(offer).find(
    ({ scopes }) => String(chooseScopes(offer, scopes)) === String(asked),
  )
}

export interface ScopeChanges {
  /** Granted, and covered by the choice. */
  readonly kept: readonly string[]
  /** Asked for, and not covered by what was granted. */
  readonly added: readonly string[]
  /** Granted, and not covered by the choice. */
  readonly removed: readonly string[]
}

/** What a choice changes for a connection that has scopes already. */
export function compareScopes(
  offer: Scopes,
  { granted, chosen }: { readonly granted: readonly string[]; readonly chosen: readonly string[] },
): ScopeChanges {
  const removed = missingScopes(offer, granted, chosen)
  return {
    kept: granted.filter((name) => !removed.includes(name)),
    added: missingScopes(offer, chosen, granted),
    removed,
  }
}

/** Names of the tools that work with this scope beside the chosen ones, and without it do not. */
export function toolsThrough(
  provider: PlannedProvider,
  chosen: readonly string[],
  scope: string,
): readonly string[] {
  const others = chosen.filter((name) => name !== scope)
  const without = toolsOf({ provider, scopes: others }).allowed
  const { allowed } = toolsOf({ provider, scopes: [...others, scope] })
  return allowed.filter((name) => !without.includes(name))
}

function namesOf(all: readonly { readonly name: string }[]): string[] {
  return all.map(({ name }) => name)
}
