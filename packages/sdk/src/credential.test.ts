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
  header: { name: 'Authorization', value: `Bearer ${secret}` },
  expiresAt: '2030-01-01T00:00:00.000Z',
  expiresInMs: 7_200_000,
  scopes: ['api'],
  missingScopes: ['sudo'],
  host: 'https://gitlab.com',
  account: { id: '1', name: 'Ada', username: 'ada', avatarUrl: null },
}

test('the secret is read by name', () => {
  const { credential, header } = new Credential(answer)
  expect(credential).toBe(secret)
  expect({ [header.name]: header.value }).toEqual({ Authorization: `Bearer ${secret}` })
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
  ['its header alone', ({ header }) => inspect(header) + JSON.stringify(header)],
  ['a structured clone', (credential) => inspect(structuredClone({ ...credential }), { depth: 9 })],
])('%s does not show it', (_, show) => {
  expect(show(new Credential(answer))).not.toContain(secret)
})

test('logs and JSON show that something was taken out', () => {
  const credential = new Credential(answer)
  expect(inspect(credential)).toContain("credential: '[redacted]'")
  expect(JSON.parse(JSON.stringify(credential))).toMatchObject({
    credential: '[redacted]',
    header: { name: 'Authorization', value: '[redacted]' },
    generation: 3,
  })
})

test('it is frozen, all the way down', () => {
  const credential = new Credential(answer)
  for (const part of [credential, credential.header, credential.scopes, credential.account]) {
    expect(Object.isFrozen(part)).toBe(true)
  }
  expect(credential.missingScopes).toEqual(['sudo'])
  expect(Object.isFrozen(credential.missingScopes)).toBe(true)
})
