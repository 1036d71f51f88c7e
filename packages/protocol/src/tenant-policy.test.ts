import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allowsTool, limitOf, tenantPolicySchema, toolLimitsOf } from './tenant-policy.ts'

const reader = { name: 'gitlab_issues_list', readOnly: true }
const writer = { name: 'gitlab_issue_create', readOnly: false }
const parse = (policy: unknown) => tenantPolicySchema.parse(policy)

describe('the policy', () => {
  test('limits nothing that it does not name', () => {
    expect(parse({})).toEqual({ readOnly: false })
  })

  test('is refused when it says something that is not known', () => {
    const wrong = [
      { provider: ['gitlab'] },
      { providers: 'gitlab' },
      { providers: null },
      { scopes: ['read_api'] },
      { scopes: { gitlab: 'read_api' } },
      { tools: { gitlab: ['gitlab_*'] } },
      { hosts: ['gitlab.example'] },
      { hosts: ['ftp://gitlab.example'] },
      { readOnly: 'yes' },
      { readOnly: null },
      JSON.parse('{"__proto__": ["gitlab"]}'),
      [],
      null,
    ]
    for (const policy of wrong) {
      expect(tenantPolicySchema.safeParse(policy).success, JSON.stringify(policy)).toBe(false)
    }
  })

  test('says of a provider what was said of it by name', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'GitLab', '']) {
      expect(limitOf({ gitlab: [] }, name), name).toBeUndefined()
    }
    expect(limitOf({ gitlab: [] }, 'gitlab')).toEqual([])
  })
})

describe('tools', () => {
  const allowed = (policy: unknown, tool: typeof reader) =>
    allowsTool(toolLimitsOf(parse(policy), 'gitlab'), tool)

  test('all of them, when nothing is said', () => {
    for (const policy of [{}, { tools: {} }, { tools: { forge: [] } }]) {
      expect(allowed(policy, writer), JSON.stringify(policy)).toBe(true)
    }
  })

  test('those that are named, and none of an empty list', () => {
    const policy = { tools: { gitlab: [reader.name] } }
    expect([allowed(policy, reader), allowed(policy, writer)]).toEqual([true, false])
    expect(allowed({ tools: { gitlab: [] } }, reader)).toBe(false)
    expect(allowed(policy, { name: 'gitlab_issues', readOnly: true }), 'a part of a name').toBe(
      false,
    )
  })

  test('read-only stops what writes, named or not', () => {
    for (const tools of [undefined, { gitlab: [reader.name, writer.name] }]) {
      const policy = { readOnly: true, tools }
      expect([allowed(policy, reader), allowed(policy, writer)]).toEqual([true, false])
    }
  })

  test('a narrower policy never allows more', () => {
    const names = fc.subarray(['a', 'b', 'c', 'd'])
    const tools = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      readOnly: fc.boolean(),
    })
    fc.assert(
      fc.property(names, names, fc.boolean(), tools, (some, more, readOnly, tool) => {
        const wide = { tools: { gitlab: [...some, ...more] } }
        const narrow = { tools: { gitlab: some }, readOnly }
        if (allowed(narrow, tool)) expect(allowed(wide, tool)).toBe(true)
        if (allowed(wide, tool)) expect(allowed({}, tool)).toBe(true)
      }),
    )
  })
})
