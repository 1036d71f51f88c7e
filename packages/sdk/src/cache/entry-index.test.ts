import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EntryIndex, type Identity } from './entry-index.ts'

const ada = { provider: 'gitlab', tenantId: 'org', userId: 'ada' }

interface Named {
  identity: Identity
  name: string | number
}
const named = (identity: Identity, name: string | number): Named => ({ identity, name })

test('finds what was added, by an equal identity', () => {
  const index = new EntryIndex<Named>()
  index.add(named(ada, 'of ada'))
  expect(index.find({ ...ada })?.name).toBe('of ada')
})

test('an omitted connection is the one named default', () => {
  const index = new EntryIndex<Named>()
  index.add(named({ ...ada, connectionName: 'default' }, 'of ada'))
  expect(index.find(ada)?.name).toBe('of ada')
})

test.each<[string, Identity]>([
  ['provider', { ...ada, provider: 'github' }],
  ['tenant', { ...ada, tenantId: 'other' }],
  ['user', { ...ada, userId: 'bob' }],
  ['connectionName', { ...ada, connectionName: 'work' }],
  ['host', { ...ada, host: 'https://gitlab.acme.com' }],
])('another %s is something else', (_, other) => {
  const index = new EntryIndex<Named>()
  index.add(named(ada, 'of ada'))
  expect(index.find(other)).toBeUndefined()
  index.add(named(other, 'other'))
  expect(index.find(ada)?.name).toBe('of ada')
  expect(index.find(other)?.name).toBe('other')
})

test('removing takes one, and only that', () => {
  const index = new EntryIndex<Named>()
  const bob = { ...ada, userId: 'bob' }
  index.add(named(ada, 'of ada'))
  index.add(named(bob, 'of bob'))
  index.remove(ada)
  expect(index.find(ada)).toBeUndefined()
  expect(index.find(bob)?.name).toBe('of bob')
  index.remove(bob)
  index.remove(bob)
  index.add(named(ada, 'again'))
  expect(index.find(ada)?.name).toBe('again')
})

/** Few letters, and those that separators are made of: collisions are likely, if there can be any. */
const text = fc.string({ unit: fc.constantFrom('a', ':', '\n', '1', '_', '/'), maxLength: 4 })
const identity = fc.record({
  provider: text,
  tenantId: text,
  userId: text,
  connectionName: fc.option(text, { nil: undefined }),
  host: fc.option(text, { nil: undefined }),
})

test('behaves like a map keyed by all five parts, whatever characters they contain', () => {
  const step = fc.record({ do: fc.constantFrom('add', 'remove', 'find'), identity })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const index = new EntryIndex<Named>()
      const model = new Map<string, number>()
      for (const [value, { do: what, identity }] of steps.entries()) {
        const { provider, tenantId, userId, connectionName = 'default', host } = identity
        const key = JSON.stringify([provider, tenantId, userId, connectionName, host])
        if (what === 'add') {
          index.add(named(identity, value))
          model.set(key, value)
        } else if (what === 'remove') {
          index.remove(identity)
          model.delete(key)
        }
        expect(index.find(identity)?.name).toBe(model.get(key))
      }
    }),
  )
})
