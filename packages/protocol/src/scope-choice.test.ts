/** A choice over any offer: random scopes that imply each other, some of them required, and clicks in any order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import {
  chooseScopes,
  compareScopes,
  impliedScopes,
  offeredPresets,
  presetOf,
  scopeRows,
  toggleScope,
  toolsOf,
  toolsThrough,
} from './index.ts'

const letters = ['a', 'b', 'c', 'd', 'e', 'f']
const risks = ['low', 'medium', 'high', 'critical'] as const

/** Six scopes, circles of implications included; some are not offered, some of the others are required. */
const offers = fc
  .record({
    graph: fc.array(fc.subarray(letters, { maxLength: 3 }), { minLength: 6, maxLength: 6 }),
    offered: fc.subarray(letters, { minLength: 2 }),
    required: fc.subarray(letters, { maxLength: 2 }),
    risk: fc.array(fc.constantFrom(...risks), { minLength: 6, maxLength: 6 }),
    presets: fc.array(fc.subarray(letters, { minLength: 1 }), { maxLength: 3 }),
  })
  .map(({ graph, offered, required, risk, presets }) => {
    const all = letters.map((name, at) => ({ name, implies: graph[at] ?? [] }))
    const scopes = all.map(({ name }, at) => ({
      name,
      // As the service answers it: what a scope implies, by way of others too.
      implies: impliedScopes({ scopes: all }, [name]).slice(1),
      group: at % 2 === 0 ? 'even' : 'odd',
      risk: risk[at] ?? 'low',
      required: required.includes(name),
    }))
    return {
      scopes: scopes.filter(({ name }) => offered.includes(name)),
      scopeGroups: [
        { name: 'even', title: 'Even' },
        { name: 'odd', title: 'Odd' },
      ],
      scopePresets: presets.map((names, at) => ({ name: `preset_${at}`, scopes: names })),
    }
  })
/** Clicks on what is there, and names that a page made up. */
const clicks = fc.array(fc.constantFrom(...letters, 'sudo', '__proto__', ''), { maxLength: 12 })
const namesOf = (all: readonly { name: string }[]) => all.map(({ name }) => name)

verifies('scopes:choice-bounded', () => {
  fc.assert(
    fc.property(offers, clicks, clicks, (offer, wanted, clicked) => {
      const offered = namesOf(offer.scopes)
      const required = namesOf(offer.scopes.filter((scope) => scope.required))
      let chosen = chooseScopes(offer, wanted)
      for (const name of [undefined, ...clicked]) {
        if (name !== undefined) chosen = toggleScope(offer, chosen, name)
        expect(offered).toEqual(expect.arrayContaining([...chosen]))
        expect(chosen).toEqual(expect.arrayContaining(required))
        expect(chosen).toEqual(offered.filter((each) => chosen.includes(each)))
        expect(chooseScopes(offer, chosen)).toEqual(chosen)
        for (const scope of chosen.filter((each) => !required.includes(each))) {
          const others = chosen.filter((other) => other !== scope)
          expect(impliedScopes(offer, others)).not.toContain(scope)
        }
      }
      // Nothing that was wanted and is offered was lost: it is asked for, or comes with what is.
      const rights = impliedScopes(offer, chooseScopes(offer, wanted))
      const meant = wanted.filter((name) => offered.includes(name))
      expect(rights).toEqual(expect.arrayContaining(meant))
    }),
    { numRuns: 500 },
  )
})

verifies('scopes:choice-rows', () => {
  fc.assert(
    fc.property(offers, clicks, (offer, wanted) => {
      const chosen = chooseScopes(offer, wanted)
      const rights = impliedScopes(offer, chosen)
      const rows = scopeRows(offer, wanted).flatMap((group) => group.rows)
      expect(namesOf(rows.map(({ scope }) => scope)).toSorted()).toEqual(
        namesOf(offer.scopes).toSorted(),
      )
      for (const { scope, state, includedBy } of rows) {
        const isAsked = chosen.includes(scope.name)
        expect(state === 'required').toBe(scope.required)
        expect(state === 'required' || state === 'chosen').toBe(isAsked)
        expect(state === 'open').toBe(!rights.includes(scope.name))
        expect(includedBy.length > 0).toBe(state === 'included')
        for (const by of includedBy) {
          expect(chosen).toContain(by)
          expect(impliedScopes(offer, [by])).toContain(scope.name)
        }
        // A click on one that is fixed or included changes nothing; on another one it does what it says.
        const after = toggleScope(offer, chosen, scope.name)
        if (state === 'required' || state === 'included') expect(after).toEqual(chosen)
        if (state === 'chosen') expect(after).not.toContain(scope.name)
        if (state === 'open') expect(after).toContain(scope.name)
      }
      for (const preset of offeredPresets(offer)) {
        expect(namesOf(offer.scopes)).toEqual(expect.arrayContaining(preset.scopes))
        const means = impliedScopes(offer, preset.scopes)
        const beyond = impliedScopes(offer, chooseScopes(offer, preset.scopes)).filter(
          (right) => !means.includes(right),
        )
        const required = offer.scopes.filter((scope) => scope.required && scope.risk === 'low')
        // What comes beside it comes with something that is required and harmless.
        expect(impliedScopes(offer, namesOf(required))).toEqual(expect.arrayContaining(beyond))
        const found = presetOf(offer, preset.scopes)
        expect(chooseScopes(offer, found?.scopes ?? [])).toEqual(chooseScopes(offer, preset.scopes))
      }
    }),
    { numRuns: 500 },
  )
})

verifies('scopes:changes', () => {
  fc.assert(
    fc.property(offers, clicks, fc.subarray(letters), (offer, wanted, granted) => {
      const chosen = chooseScopes(offer, wanted)
      const { kept, added, removed } = compareScopes(offer, { granted, chosen })
      expect([...kept, ...removed].toSorted()).toEqual(granted.toSorted())
      expect(impliedScopes(offer, chosen)).toEqual(expect.arrayContaining([...kept]))
      for (const name of removed) expect(impliedScopes(offer, chosen)).not.toContain(name)
      expect(added).toEqual(chosen.filter((name) => !impliedScopes(offer, granted).includes(name)))
      const same = compareScopes(offer, { granted: chosen, chosen })
      expect(same).toEqual({ kept: chosen, added: [], removed: [] })
    }),
  )
})

verifies('scopes:without', () => {
  const needs = fc.array(fc.subarray(letters, { minLength: 1, maxLength: 2 }), { maxLength: 5 })
  fc.assert(
    fc.property(offers, clicks, needs, (offer, wanted, tools) => {
      const provider = {
        ...offer,
        tools: tools.map((scopes, at) => ({ name: `tool_${at}`, scopes })),
      }
      const chosen = chooseScopes(offer, wanted)
      for (const { name } of offer.scopes) {
        const through = toolsThrough(provider, chosen, name)
        const without = chosen.filter((other) => other !== name)
        const { blocked } = toolsOf({ provider, scopes: without })
        expect(namesOf(blocked)).toEqual(expect.arrayContaining([...through]))
        const { allowed } = toolsOf({ provider, scopes: [...without, name] })
        expect(allowed).toEqual(expect.arrayContaining([...through]))
      }
    }),
  )
})

describe('a choice at GitLab', () => {
  const scope = (name: string, more: { implies?: string[]; required?: boolean; risk?: 'low' }) => ({
    name,
    implies: [],
    group: 'all',
    risk: 'high' as const,
    required: false,
    ...more,
  })
  const offer = {
    scopes: [
      scope('api', { implies: ['read_api', 'read_user', 'write_repository'] }),
      scope('read_api', { implies: ['read_user'] }),
      scope('read_user', { risk: 'low' }),
      scope('write_repository', {}),
    ],
    scopeGroups: [{ name: 'all', title: 'All' }],
    scopePresets: [
      { name: 'read_only', scopes: ['read_api'] },
      { name: 'developer', scopes: ['read_api', 'write_repository'] },
      { name: 'full', scopes: ['api'] },
    ],
  }
  const requiring = (name: string) => ({
    ...offer,
    scopes: offer.scopes.map((each) => ({ ...each, required: each.name === name })),
  })

  test('a wider scope takes the place of the narrow ones, and leaves room for them when it goes', () => {
    const wide = toggleScope(offer, ['read_user', 'write_repository'], 'api')
    expect(wide).toEqual(['api'])
    expect(toggleScope(offer, wide, 'read_user')).toEqual(['api'])
    expect(scopeRows(offer, wide)[0]?.rows.at(-1)).toMatchObject({
      state: 'included',
      includedBy: ['api'],
    })
    expect(toggleScope(offer, wide, 'api')).toEqual([])
  })

  test('a preset is known by what it asks for, whatever is required beside it', () => {
    expect(presetOf(offer, ['write_repository', 'read_api'])?.name).toBe('developer')
    expect(presetOf(offer, ['write_repository'])).toBeUndefined()
    const withProfile = requiring('read_user')
    expect(namesOf(offeredPresets(withProfile))).toEqual(['read_only', 'developer', 'full'])
    expect(presetOf(withProfile, ['read_api'])?.name).toBe('read_only')
  })

  test('nothing is called read only where changing is required', () => {
    expect(namesOf(offeredPresets(requiring('write_repository')))).toEqual(['developer', 'full'])
    expect(namesOf(offeredPresets(requiring('api')))).toEqual(['full'])
  })
})
