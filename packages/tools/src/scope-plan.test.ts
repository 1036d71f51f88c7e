/** The planner over the catalogue: what it plans for the tools that there are. */
import { impliedScopes, planScopes, toolsOf } from '@keywell/protocol'
import { github, gitlab } from '@keywell/providers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { githubTools, gitlabTools } from './index.ts'

const provider = { scopes: gitlab.scopes, tools: gitlabTools }
const names = gitlabTools.map(({ name }) => name)

/** By the table of tools: what of their needs a token with these scopes does not have. */
function uncovered(tools: readonly string[], scopes: readonly string[]): string[] {
  const rights = impliedScopes(gitlab, scopes)
  return gitlabTools
    .filter((tool) => tools.includes(tool.name))
    .filter((tool) => !tool.scopes.every((scope) => rights.includes(scope)))
    .map(({ name }) => name)
}

function expectPlan(tools: readonly string[]): void {
  const { scopes, reasons, alternatives, unavailable } = planScopes({ provider, tools })
  expect(unavailable).toEqual([])
  for (const set of [scopes, ...alternatives]) {
    expect(uncovered(tools, set)).toEqual([])
    for (const scope of set) {
      expect(
        uncovered(
          tools,
          set.filter((other) => other !== scope),
        ).length,
        scope,
      ).toBeGreaterThan(0)
    }
  }
  expect(Object.keys(reasons)).toEqual(scopes)
  // Each tool is the reason of a scope that it needs or that implies what it needs.
  expect(new Set(Object.values(reasons).flat())).toEqual(new Set(tools))
  for (const [scope, because] of Object.entries(reasons)) {
    const rest = scopes.filter((other) => other !== scope)
    for (const tool of uncovered(tools, rest)) expect(because).toContain(tool)
  }
}

verifies.suite('scopes:plan-covers', () => {
  test.each(names)('for %s alone', (name) => {
    expectPlan([name])
    const [tool] = gitlabTools.filter((each) => each.name === name)
    expect(planScopes({ provider, tools: [name] })).toEqual({
      scopes: tool?.scopes,
      reasons: { [tool?.scopes[0] ?? '']: [name] },
      alternatives: [],
      unavailable: [],
    })
  })

  test('for any set of tools', () => {
    fc.assert(fc.property(fc.subarray(names), (tools) => expectPlan(tools)))
  })

  test('for small sets, where more than one scope is needed', () => {
    const few = names.filter(
      (name) => uncovered([name], ['read_user', 'read_repository']).length === 0,
    )
    const sets = fc.tuple(fc.subarray(few), fc.subarray(names, { maxLength: 2 }))
    fc.assert(fc.property(sets, ([some, others]) => expectPlan([...new Set([...some, ...others])])))
  })
})

/** Those that tools need, and no others. */
const four = ['read_user', 'read_repository', 'read_api', 'api']
const every = four.reduce<string[][]>(
  (sets, scope) => sets.concat(sets.map((set) => [...set, scope])),
  [[]],
)

test('each plan is what trying all sets of scopes finds', () => {
  const small = { ...provider, scopes: gitlab.scopes.filter(({ name }) => four.includes(name)) }
  const rights = (set: readonly string[]) => impliedScopes(small, set)
  const within = (one: readonly string[], other: readonly string[]) =>
    one.every((scope) => other.includes(scope))
  for (const needs of every) {
    const tools = gitlabTools.filter(({ scopes: [need = ''] }) => needs.includes(need))
    const planned = tools.map(({ name }) => name)
    const covering = every.filter((set) => uncovered(planned, set).length === 0)
    const least = covering.filter(
      (set) => !covering.some((other) => other.length < set.length && within(other, set)),
    )
    const isBeaten = (set: string[]) =>
      least.some(
        (other) =>
          other !== set && other.length <= set.length && within(rights(other), rights(set)),
      )
    const { scopes, alternatives } = planScopes({ provider: small, tools: planned })
    const found = [scopes, ...alternatives].map((set) => set.toSorted().join(' '))
    const tried = least.filter((set) => !isBeaten(set)).map((set) => set.toSorted().join(' '))
    expect(found.toSorted(), needs.join(' ')).toEqual(tried.toSorted())
    // Whatever else covers the tools allows all that the plan does.
    for (const set of covering)
      expect(within(rights(scopes), rights(set)), set.join(' ')).toBe(true)
  }
})

verifies('scopes:plan-private', () => {
  const tools = githubTools
  const plan = (some: typeof tools) =>
    planScopes({ provider: { scopes: github.scopes, tools }, tools: some.map(({ name }) => name) })
  expect(plan(tools.filter(({ effect }) => effect === 'read'))).toEqual({
    ...{ scopes: [], reasons: {}, alternatives: [], unavailable: [] },
    privateScopes: ['repo'],
  })
  expect(plan(tools)).toMatchObject({ scopes: ['public_repo'], privateScopes: ['repo'] })
  // One that the page may not ask for is not planned.
  const offered = github.scopes.filter(({ name }) => name !== 'repo')
  const few = planScopes({ provider: { scopes: offered, tools }, tools: ['github_issues_list'] })
  expect(few).not.toHaveProperty('privateScopes')
  expect(planScopes({ provider, tools: names })).not.toHaveProperty('privateScopes')
  const { allowed } = toolsOf({ provider: { scopes: github.scopes, tools }, scopes: ['repo'] })
  expect(allowed).toHaveLength(10)
})

test('two narrow scopes stand beside one wide one', () => {
  const tools = ['gitlab_file_get', 'gitlab_current_user_get']
  expect(planScopes({ provider, tools })).toEqual({
    scopes: ['read_user', 'read_repository'],
    reasons: {
      read_user: ['gitlab_current_user_get'],
      read_repository: ['gitlab_file_get'],
    },
    alternatives: [['read_api']],
    unavailable: [],
  })
  expect(planScopes({ provider, tools: [...tools, 'gitlab_issues_list'] })).toMatchObject({
    scopes: ['read_api'],
    alternatives: [],
  })
})

test('where only a wide scope may be chosen, it is planned', () => {
  const onlyApi = { ...provider, scopes: gitlab.scopes.filter(({ name }) => name === 'api') }
  const plan = planScopes({ provider: onlyApi, tools: ['gitlab_issues_list'] })
  expect(plan).toMatchObject({ scopes: ['api'], alternatives: [], unavailable: [] })
  const onlyUser = { ...provider, scopes: gitlab.scopes.filter(({ name }) => name === 'read_user') }
  const tools = ['gitlab_issues_list', 'gitlab_user_get', 'gitlab_isues_list']
  expect(planScopes({ provider: onlyUser, tools })).toEqual({
    scopes: ['read_user'],
    reasons: { read_user: ['gitlab_user_get'] },
    alternatives: [],
    unavailable: [
      { name: 'gitlab_issues_list', reason: 'scope' },
      { name: 'gitlab_isues_list', reason: 'unknown' },
    ],
  })
})

verifies.suite('scopes:tools-of', () => {
  test.each([
    [[], 0],
    [['read_user'], 4],
    [['read_repository'], 1],
    [['write_repository'], 0],
    [['read_user', 'read_repository'], 5],
    [['read_api'], 55],
    [['api'], 110],
    [['mcp', '__proto__'], 0],
  ])('%o allows %i', (scopes, count) => {
    const { allowed, blocked } = toolsOf({ provider, scopes })
    expect(allowed).toHaveLength(count)
    expect([...allowed, ...blocked.map(({ name }) => name)].toSorted()).toEqual(names.toSorted())
  })

  test('what is missing makes the tool work', () => {
    fc.assert(
      fc.property(fc.subarray(gitlab.scopes.map(({ name }) => name)), (scopes) => {
        const { allowed, blocked } = toolsOf({ provider, scopes })
        expect(uncovered(allowed, scopes)).toEqual([])
        for (const { name, missing } of blocked) {
          expect(uncovered([name], scopes)).toEqual([name])
          expect(uncovered([name], [...scopes, ...missing])).toEqual([])
        }
      }),
    )
  })

  test('the planned tools are among those that the plan allows', () => {
    fc.assert(
      fc.property(fc.subarray(names), (tools) => {
        const { scopes } = planScopes({ provider, tools })
        expect(toolsOf({ provider, scopes }).allowed).toEqual(expect.arrayContaining(tools))
      }),
    )
  })
})

test('each preset allows more tools than the one before, or more scopes', () => {
  const rights = gitlab.scopePresets.map(({ scopes }) => new Set(impliedScopes(gitlab, scopes)))
  for (const [at, wider] of rights.slice(1).entries()) {
    expect([...(rights[at] ?? [])].every((scope) => wider.has(scope))).toBe(true)
    expect(wider.size).toBeGreaterThan(rights[at]?.size ?? 0)
  }
  const tools = gitlab.scopePresets.map(
    ({ scopes }) => toolsOf({ provider, scopes }).allowed.length,
  )
  expect(tools).toEqual([55, 55, 110])
})
