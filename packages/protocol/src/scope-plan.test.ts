/** The planner over any provider: random scopes that imply each other, and tools that need several. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { impliedScopes, type PlannedProvider, planScopes, toolsOf } from './index.ts'

const letters = ['a', 'b', 'c', 'd', 'e', 'f']

/** Six scopes, circles of implications included, and four tools; some scopes may not be chosen. */
const providers = fc
  .record({
    graph: fc.array(fc.subarray(letters, { maxLength: 3 }), { minLength: 6, maxLength: 6 }),
    offered: fc.subarray(letters, { minLength: 3 }),
    needs: fc.array(fc.subarray(letters, { minLength: 1, maxLength: 3 }), {
      minLength: 4,
      maxLength: 4,
    }),
  })
  .map(({ graph, offered, needs }) => {
    const scopes = letters.map((name, at) => ({ name, implies: graph[at] ?? [] }))
    // As the service answers it: what a scope implies, by way of others too.
    const closed = scopes.map((scope) => ({
      ...scope,
      implies: impliedScopes({ scopes }, [scope.name]).slice(1),
    }))
    return {
      scopes: closed.filter(({ name }) => offered.includes(name)),
      tools: needs.map((scopes, at) => ({ name: `tool_${at}`, scopes: [...scopes] })),
    }
  })
const tools = ['tool_0', 'tool_1', 'tool_2', 'tool_3']

function subsetsOf(names: readonly string[]): string[][] {
  return Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.filter((_, at) => Math.floor(bits / 2 ** at) % 2 === 1),
  )
}

/** All sets that cover the tools, with what they allow; found by trying every subset. */
function coveringSets(provider: PlannedProvider, asked: readonly string[]) {
  return subsetsOf(provider.scopes.map(({ name }) => name))
    .filter((scopes) => {
      const { allowed } = toolsOf({ provider, scopes })
      return asked.every((tool) => allowed.includes(tool))
    })
    .map((scopes) => ({ scopes, rights: impliedScopes(provider, scopes) }))
}

type Covering = ReturnType<typeof coveringSets>[number]
const isWithin = (one: Covering, other: Covering) =>
  one.rights.every((right) => other.rights.includes(right))

verifies('scopes:plan-least', () => {
  fc.assert(
    fc.property(providers, fc.subarray(tools), (provider, asked) => {
      const plan = planScopes({ provider, tools: asked })
      const planned = asked.filter((tool) => !plan.unavailable.some(({ name }) => name === tool))
      const all = coveringSets(provider, planned)
      const sets = [plan.scopes, ...plan.alternatives].map((scopes) => {
        const [found] = all.filter((each) => String(each.scopes) === String(scopes))
        if (found === undefined) throw new Error(`${scopes} does not cover ${planned}.`)
        return found
      })
      const isAsGood = (one: Covering, other: Covering) =>
        isWithin(one, other) && one.scopes.length <= other.scopes.length
      for (const set of sets) {
        const better = all.filter((other) => isAsGood(other, set) && !isAsGood(set, other))
        expect(better, 'no set is better than one of the plan').toEqual([])
        const same = sets.filter((other) => other !== set && isAsGood(other, set))
        expect(same, 'none makes another one superfluous').toEqual([])
      }
      for (const set of all) {
        const asGood = sets.filter((each) => isAsGood(each, set))
        expect(asGood, 'none was forgotten').not.toEqual([])
      }
      const [first] = sets
      const less = all.filter((other) => other.rights.length < (first?.rights.length ?? 0))
      expect(less, 'none allows less than the first').toEqual([])
      // What is not planned for cannot be covered at all.
      for (const { name } of plan.unavailable) expect(coveringSets(provider, [name])).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test('the order of the tools, and names that come twice, change nothing', () => {
  fc.assert(
    fc.property(providers, fc.shuffledSubarray(tools), (provider, asked) => {
      const { unavailable, ...plan } = planScopes({ provider, tools: asked.toSorted() })
      const again = planScopes({ provider, tools: [...asked, ...asked.toReversed()] })
      expect(again).toMatchObject(plan)
      expect(new Set(again.unavailable)).toEqual(new Set(unavailable))
    }),
  )
})

test('no tools need no scopes', () => {
  const nothing = { scopes: [], reasons: {}, alternatives: [], unavailable: [] }
  expect(planScopes({ provider: { scopes: [], tools: [] }, tools: [] })).toEqual(nothing)
})

test('a name of a scope or tool that objects have by themselves is a name like any other', () => {
  const scope = { name: '__proto__', implies: [] }
  const provider = { scopes: [scope], tools: [{ name: 'constructor', scopes: ['__proto__'] }] }
  const { scopes, reasons } = planScopes({ provider, tools: ['constructor', 'toString'] })
  expect(scopes).toEqual(['__proto__'])
  expect(Object.entries(reasons)).toEqual([['__proto__', ['constructor']]])
})
