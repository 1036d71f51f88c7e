import { describe, expect, test } from 'vitest'
import type { AuditRow } from '../store/audit.ts'
import { type AuditKey, type LinkContent, linkOf, macOfCut, macOfEntry } from './seal.ts'

const key: AuditKey = { version: 1, key: new Uint8Array(32).fill(1) }
const otherKeys: AuditKey[] = [
  { version: 2, key: key.key },
  { version: 1, key: new Uint8Array(32).fill(2) },
]

const row: AuditRow = {
  tenant_id: 'org_acme',
  id: 'aud_1',
  actor: 'key:key_1',
  action: 'credential.read',
  user_id: 'user_1',
  connection_id: 'con_1',
  generation: 1,
  result: 'ok',
  reason: 'scope',
  request_id: 'req_1',
  call: '{"tool":"gitlab_issues_list"}',
}

const content: LinkContent = {
  tenantId: 'org_acme',
  position: 2,
  previous: new Uint8Array(32).fill(3),
  entryId: 'aud_1',
  atMicros: '1700000000000000',
  macVersion: 1,
  mac: new Uint8Array(32).fill(4),
}

/** What is sealed differs wherever one thing does; each pair is said by no other. */
function expectAllDifferent(macs: readonly Buffer[]): void {
  expect(new Set(macs.map((mac) => mac.toString('hex'))).size).toBe(macs.length)
}

describe('an entry', () => {
  test('every field is sealed, and the key and its version are', () => {
    const changed = Object.keys(row).map((field) => macOfEntry(key, { ...row, [field]: 'other' }))
    expectAllDifferent([
      macOfEntry(key, row),
      ...changed,
      ...otherKeys.map((other) => macOfEntry(other, row)),
    ])
  })

  test('what is not known is neither empty nor its sign', () => {
    expectAllDifferent([null, '', '='].map((user_id) => macOfEntry(key, { ...row, user_id })))
  })

  test('a text cannot reach into the next field', () => {
    expectAllDifferent([
      macOfEntry(key, { ...row, actor: 'a', action: 'bc' }),
      macOfEntry(key, { ...row, actor: 'ab', action: 'c' }),
    ])
  })
})

test('every part of a link is sealed', () => {
  const others: Record<keyof LinkContent, unknown> = {
    tenantId: 'other',
    position: 3,
    previous: new Uint8Array(32),
    entryId: 'aud_2',
    atMicros: '1700000000000001',
    macVersion: 2,
    mac: new Uint8Array(32),
  }
  const changed = Object.entries(others).map(([part, other]) =>
    linkOf(key, { ...content, [part]: other }),
  )
  expectAllDifferent([
    linkOf(key, content),
    linkOf(key, { ...content, previous: null }),
    ...changed,
    ...otherKeys.map((other) => linkOf(other, content)),
  ])
})

test('every part of a cut is sealed', () => {
  const cut = { tenantId: 'org_acme', position: 2, link: new Uint8Array(32) }
  expectAllDifferent([
    macOfCut(key, cut),
    macOfCut(key, { ...cut, tenantId: 'other' }),
    macOfCut(key, { ...cut, position: 3 }),
    macOfCut(key, { ...cut, link: new Uint8Array(32).fill(1) }),
    ...otherKeys.map((other) => macOfCut(other, cut)),
  ])
})
