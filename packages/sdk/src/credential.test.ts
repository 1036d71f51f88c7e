import { format, inspect } from 'node:util'
import type { CredentialAnswer } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { Credential } from './credential.ts'
import { newId } from './testing/ids.ts'

const secret = 'glpat-secret'
const answer: CredentialAnswer = {
  unchanged: false,
  connectionId: newId('connection'),
  generation: 3,
  type: 'oauth_token',
  credential: secret,
  headers: [{ name: 'Authorization', value: `Bearer ${secret}` }],
  fields: { email: 'ada@acme.example', token: secret },
  expiresAt: '2030-01-01T00:00:00.000Z',
  expiresInMs: 7_200_000,
  scopes: ['api'],
  missingScopes: ['sudo'],
  host: 'https://gitlab.com',
  account: { id: '1', name: 'Ada', username: 'ada', avatarUrl: null },
}

test('the secret is read by name', () => {
  const { credential, fields, headers, header } = new Credential(answer)
  expect(credential).toBe(secret)
  expect(fields).toEqual({ email: 'ada@acme.example', token: secret })
  const sent = headers.map(({ name, value }) => [name, value])
  expect(sent).toEqual([['Authorization', `Bearer ${secret}`]])
  expect(header).toBe(headers[0])
})

test('of several headers none is the only one', () => {
  const headers = [
    { name: 'X-Api-Key', value: 'a' },
    { name: 'X-App-Key', value: 'b' },
  ]
  expect(new Credential({ ...answer, headers }).header).toBeUndefined()
})

test.each<[string, (credential: Credential) => string]>([
  ['inspect', (credential) => inspect(credential, { depth: 9 })],
  [
    'inspect with hidden parts',
    (credential) => inspect(credential, { showHidden: true, depth: 9 }),
  ],
  [
    'inspect without its custom part',
    (credential) => inspect(credential, { customInspect: false, getters: true, depth: 9 }),
  ],
  ['a log line', (credential) => format('%o %O %j %s', ...Array(4).fill(credential))],
  ['JSON', (credential) => JSON.stringify({ credential })],
  ['a template', (credential) => `${credential} ${credential.header}`],
  ['a spread copy', (credential) => inspect({ ...credential, ...credential.header })],
  ['its headers alone', ({ headers }) => inspect(headers) + JSON.stringify(headers)],
  ['its fields', (credential) => inspect({ ...credential, also: Object.keys(credential) })],
  ['a structured clone', (credential) => inspect(structuredClone({ ...credential }), { depth: 9 })],
])('%s does not show it', (_, show) => {
  expect(show(new Credential(answer))).not.toContain(secret)
})

test('logs and JSON show that something was taken out', () => {
  const credential = new Credential(answer)
  expect(inspect(credential)).toContain("credential: '[redacted]'")
  expect(JSON.parse(JSON.stringify(credential))).toMatchObject({
    credential: '[redacted]',
    headers: [{ name: 'Authorization', value: '[redacted]' }],
    fields: '[redacted]',
    generation: 3,
  })
})

test('it is frozen, all the way down', () => {
  const credential = new Credential(answer)
  const { headers, fields, scopes, account } = credential
  for (const part of [credential, headers, headers[0], fields, scopes, account]) {
    expect(Object.isFrozen(part)).toBe(true)
  }
  expect(credential.missingScopes).toEqual(['sudo'])
  expect(Object.isFrozen(credential.missingScopes)).toBe(true)
})
