/**
 * From tools to scopes and back. Everything is computed from the provider's data, as `GET /v1/providers` and
 * `GET /connect/providers?tools=true` answer it, so that a backend and a browser plan alike.
 *
 * ```ts
 * planScopes({ provider, tools: ['gitlab_issues_list', 'gitlab_file_get'] }).scopes // ['read_api']
 * toolsOf({ provider, scopes: ['read_user'] }).allowed // ['gitlab_current_user_get', …]
 * ```
 *
 * It is part of browser bundles: it imports `scopes.ts` alone, which imports nothing.
 */
import { impliedScopes, missingScopes, type ScopeImplications } from './scopes.ts'

/** What planning needs to know of a provider. Its `scopes` are those to choose from, and no others. */
export interface PlannedProvider extends ScopeImplications {
  readonly tools: readonly {
    readonly name: string
    /** A token needs each of them, or another that implies it. */
    readonly scopes: readonly string[]
    /** In their place where what the tool is about is private. Default: the same. */
    readonly privateScopes?: readonly string[] | undefined
  }[]
}

export interface ScopePlan {
  /**
   * Scopes that cover the tools and allow as little else as possible, in the provider's order. None of them
   * can be left out.
   */
  readonly scopes: readonly string[]
  /** For each of `scopes`, the tools that use it. */
  readonly reasons: Readonly<Record<string, readonly string[]>>
  /**
   * Other sets that cover the tools, the least powerful first. A set that allows all that another one allows is
   * listed only if it asks for fewer scopes.
   */
  readonly alternatives: readonly (readonly string[])[]
  /** Scopes that cover the tools also for what is private, where that takes more than `scopes`. */
  readonly privateScopes?: readonly string[]
  /** Tools that were not planned for. */
  readonly unavailable: readonly UnavailableTool[]
}

export interface UnavailableTool {
  readonly name: string
  /** `unknown`: the provider has no such tool. `scope`: it has no scope that would do. */
  readonly reason: 'unknown' | 'scope'
}

/** The least scopes for these tools. */
export function planScopes({
  provider,
  tools,
}: {
  readonly provider: PlannedProvider
  /** Names of tools. */
  readonly tools: readonly string[]
}): ScopePlan {
  const { allowed, blocked } = toolsOf({ provider, scopes: namesOf(provider.scopes) })
  const planned = provider.tools.filter(
    ({ name }) => tools.includes(name) && allowed.includes(name),
  )
  const needed = new Set(planned.flatMap((tool) => tool.scopes))
  const [scopes = [], ...alternatives] = leastSets(provider, [...needed])
  const reasons = scopes.map((scope) => {
    const rights = impliedScopes(provider, [scope])
    const using = planned.filter((tool) => tool.scopes.some((need) => rights.includes(need)))
    return [scope, namesOf(using)]
  })
  const unavailable = [...new Set(tools)]
    .filter((name) => !allowed.includes(name))
    .map((name) => ({
      name,
      reason: namesOf(blocked).includes(name) ? ('scope' as const) : ('unknown' as const),
    }))
  const privateScopes = privatePlan(provider, planned, scopes)
  return {
    scopes,
    reasons: Object.fromEntries(reasons),
    alternatives,
    ...(privateScopes !== undefined && { privateScopes }),
    unavailable,
  }
}

/** Undefined: `scopes` will do, or no scope to choose from does. */
function privatePlan(
  provider: PlannedProvider,
  planned: PlannedProvider['tools'],
  scopes: readonly string[],
): readonly string[] | undefined {
  const needed = new Set(planned.flatMap((tool) => tool.privateScopes ?? tool.scopes))
  if (missingScopes(provider, [...needed], scopes).length === 0) return undefined
  return leastSets(provider, [...needed])[0]
}

export interface ToolAccess {
  /** Names of the tools that a token with these scopes may run, in the provider's order. */
  readonly allowed: readonly string[]
  /** The other tools, and the scopes that are missing for each. */
  readonly blocked: readonly { readonly name: string; readonly missing: readonly string[] }[]
}

/** Which tools a token with these scopes may run. */
export function toolsOf({
  provider,
  scopes,
}: {
  readonly provider: PlannedProvider
  /** As they were granted, or would be. */
  readonly scopes: readonly string[]
}): ToolAccess {
  const tools = provider.tools.map((tool) => ({
    name: tool.name,
    missing: missingScopes(provider, tool.scopes, scopes),
  }))
  return {
    allowed: namesOf(tools.filter(({ missing }) => missing.length === 0)),
    blocked: tools.filter(({ missing }) => missing.length > 0),
  }
}

/**
 * The sets of scopes that cover what is needed, the one with the fewest rights first. A set is left out if
 * another one has no rights beside its own and no more scopes.
 */
function leastSets(provider: ScopeImplications, needed: readonly string[]): string[][] {
  const rightsOf = (scopes: readonly string[]) => impliedScopes(provider, scopes)
  // What implies the most comes first, so that what it implies is covered already.
  const inTurn = needed.toSorted((a, b) => rightsOf([b]).length - rightsOf([a]).length)
  const sets = coveringSets(provider, inTurn, [])
    .map((scopes) => ({ scopes, rights: rightsOf(scopes) }))
    .sort((a, b) => a.rights.length - b.rights.length || a.scopes.length - b.scopes.length)
  const least: typeof sets = []
  // Whatever a set could be left out for stands before it.
  for (const set of sets) {
    const isBeaten = least.some(
      ({ scopes, rights }) =>
        scopes.length <= set.scopes.length && rights.every((right) => set.rights.includes(right)),
    )
    if (!isBeaten) least.push(set)
  }
  return least.map(({ scopes }) => namesOf(provider.scopes).filter((name) => scopes.includes(name)))
}

/**
 * Sets that begin with `chosen` and cover what is needed. Among them are all those of which no scope can be left
 * out. There are as many as the product of the numbers of scopes that cover each need: few scopes imply the same
 * one, and few needs are not implied by another.
 */
function coveringSets(
  provider: ScopeImplications,
  needed: readonly string[],
  chosen: readonly string[],
): string[][] {
  const [need] = missingScopes(provider, needed, chosen)
  if (need === undefined) return [[...chosen]]
  return namesOf(provider.scopes)
    .filter((name) => impliedScopes(provider, [name]).includes(need))
    .flatMap((name) => coveringSets(provider, needed, [...chosen, name]))
}

function namesOf(all: readonly { readonly name: string }[]): string[] {
  return all.map(({ name }) => name)
}
