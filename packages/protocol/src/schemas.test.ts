import { expect, test } from 'vitest'
import { createFlowSchema, createSessionSchema } from './connect.ts'
import { readCredentialSchema } from './credentials.ts'
import { createIntegrationSchema } from './integrations.ts'

const session = {
  tenantId: 'org_acme',
  userId: 'user_123',
  origins: ['https://app.example'],
  returnUrl: 'https://app.example/api/keywell/finish',
}

test('a session needs its owner, its origins and its return URL, and has defaults for the rest', () => {
  expect(createSessionSchema.parse(session)).toMatchObject({
    scopes: {},
    returnMode: 'query',
    allowAccountChange: false,
  })
})

test.each([
  [{ origins: [] }],
  [{ origins: ['https://app.example/'] }],
  [{ origins: ['https://APP.example'] }],
  [{ origins: ['*'] }],
  [{ origins: ['null'] }],
  [{ origins: ['https://user@app.example'] }],
  [{ origins: ['javascript:alert(1)'] }],
  [{ returnUrl: 'javascript:alert(1)' }],
  [{ returnUrl: 'data:text/html,x' }],
  [{ returnUrl: '/relative' }],
  [{ returnUrl: `https://app.example/${'x'.repeat(2000)}` }],
  [{ scopes: { gitlab: { required: ['two words'] } } }],
  [{ providers: ['GitLab!'] }],
  [{ connectionId: 'con_1' }],
  [{ connectionID: 'con_00000000000000000000000000' }],
  [{ scopes: { gitlab: { require: ['api'] } } }],
  [{ tenantId: '' }],
])('refuses a session with %j', (change) => {
  expect(createSessionSchema.safeParse({ ...session, ...change }).success).toBe(false)
})

test('a scope policy under the name __proto__ is data, and pollutes nothing', () => {
  const text = '{"__proto__":{"required":["api"]}}'
  const scopes: unknown = JSON.parse(text)
  const parsed = createSessionSchema.safeParse({ ...session, scopes })
  expect(parsed.success && Object.hasOwn({}, 'required')).toBe(false)
  expect(({} as { required?: unknown }).required).toBeUndefined()
})

test('a flow may ask only for things that look like what they are', () => {
  expect(createFlowSchema.parse({ provider: 'gitlab' }).mode).toBe('popup')
  for (const bad of [
    { provider: '' },
    { provider: 'gitlab', host: 'file:///etc/passwd' },
    { provider: 'gitlab', scopes: Array(101).fill('api') },
    { provider: 'gitlab', mode: 'iframe' },
    { provider: 'gitlab', resumeUrl: 'javascript:1' },
  ]) {
    expect(createFlowSchema.safeParse(bad).success, JSON.stringify(bad)).toBe(false)
  }
})

test('a credential is read for one connection, by default the one named default', () => {
  const query = { provider: 'gitlab', tenantId: 't', userId: 'u' }
  expect(readCredentialSchema.parse(query).connectionName).toBe('default')
  for (const bad of [
    { minGeneration: 0 },
    { ifNewerThan: -1 },
    { ifNewerThan: 1.5 },
    { connection: 'work' },
  ]) {
    expect(readCredentialSchema.safeParse({ ...query, ...bad }).success).toBe(false)
  }
})

test('client id and secret come together', () => {
  const draft = { provider: 'gitlab', scopes: ['read_api'] }
  expect(createIntegrationSchema.safeParse(draft).success).toBe(true)
  expect(createIntegrationSchema.safeParse({ ...draft, clientId: 'a' }).success).toBe(false)
})
