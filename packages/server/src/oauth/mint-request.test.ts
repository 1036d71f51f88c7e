import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  type ClientCredentialsMethod,
  type JwtBearerMethod,
  type KeyExchangeMethod,
  Secret,
} from '@keywell/protocol'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { mintRequest } from './mint-request.ts'
import { mintValues, UnusableField } from './mint-values.ts'

const address = new URL('https://acme.example/token')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8') => String(key.export({ type, format: 'pem' }))

const provider = { scopes: [scope('read', 'https://acme.example/auth/read'), scope('write')] }
const endpoint = {
  url: address.href,
  headers: {},
  answer: { accessToken: ['/access_token'] },
  errors: [],
}
const typed = {
  id: 'minted',
  title: 'service account',
  steps: ['Make a service account.'],
  send: [{ in: 'header', name: 'Authorization', value: 'Bearer {token}' }],
  typedAccount: { id: '$hash' },
  health: {
    request: { method: 'GET', url: 'https://api.example/me', headers: {} },
    active: [{ status: [200] }],
    inactive: [{ status: [401] }],
    details: {},
  },
  manualUrl: 'https://acme.example/accounts',
  defaultScopes: ['read', 'write'],
  renewal: { by: 'mint', maxRequestSeconds: 30, defaultExpiresIn: 3600 },
  fields: [],
} as const

const exchange: KeyExchangeMethod = {
  ...typed,
  kind: 'key_exchange',
  token: {
    ...endpoint,
    headers: { Accept: 'application/vnd.acme+json' },
    method: 'PUT',
    body: { json: { identifier: '{user}', secret: '{secret}', otp: '{otp}' } },
  },
}
const client: ClientCredentialsMethod = {
  ...typed,
  kind: 'client_credentials',
  token: {
    ...endpoint,
    client: 'client_secret_basic',
    clientId: 'user',
    clientSecret: 'secret',
    parameters: { scope: '{scopes}', account: '{user}', otp: '{otp}' },
  },
}
const jwt: JwtBearerMethod = {
  ...typed,
  kind: 'jwt_bearer',
  token: {
    ...endpoint,
    parameters: { client_id: '{user}' },
    assertion: {
      algorithm: 'RS256',
      privateKey: 'key',
      keyId: '{user}-1',
      issuer: '{user}',
      subject: '{person}',
      claims: { scope: '{scopes}' },
      lifeSeconds: 300,
    },
  },
}

function scope(name: string, wire?: string) {
  return {
    name,
    sentence: 'It.',
    risk: 'low',
    group: 'all',
    implies: [],
    ...(wire && { wire }),
  } as const
}

function secrets(values: Record<string, string>): Record<string, Secret> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, new Secret(value)]),
  )
}

/** What is sent, as it would stand on the wire. */
async function requestOf(
  method: Parameters<typeof mintRequest>[0],
  fields: Record<string, string>,
): Promise<{ method: string; headers: Record<string, string>; body: string }> {
  const request = await mintRequest(method, mintValues(provider, method, secrets(fields)), address)
  const sent: Request[] = []
  await request.send(async (url, init) => {
    sent.push(new Request(url, init))
    return new Response()
  })
  const [only = new Request(address), ...others] = sent
  expect(others).toEqual([])
  expect(only.url).toBe(address.href)
  const headers = Object.fromEntries(only.headers)
  return { method: only.method, headers, body: await only.text() }
}

const fields = { user: 'ada', secret: 's-~.%+:&="' }

test('an exchange sends the fields in its body, and leaves out what was not typed', async () => {
  expect(await requestOf(exchange, fields)).toEqual({
    method: 'PUT',
    headers: { accept: 'application/vnd.acme+json', 'content-type': 'application/json' },
    body: JSON.stringify({ identifier: 'ada', secret: fields.secret }),
  })
  const body = { form: { pass: '{secret}' } }
  const form = await requestOf({ ...exchange, token: { ...exchange.token, body } }, fields)
  expect(form.headers['content-type']).toBe('application/x-www-form-urlencoded')
  expect(new URLSearchParams(form.body).get('pass')).toBe(fields.secret)
})

test('client credentials name the client by HTTP Basic, as it is, or in the form', async () => {
  const basic = await requestOf(client, fields)
  expect(basic.method).toBe('POST')
  expect(basic.headers.authorization).toBe(`Basic ${btoa(`ada:${fields.secret}`)}`)
  expect(Object.fromEntries(new URLSearchParams(basic.body))).toEqual({
    scope: 'https://acme.example/auth/read write',
    account: 'ada',
    grant_type: 'client_credentials',
  })
  const token = { ...client.token, client: 'client_secret_post', grantType: 'account_credentials' }
  const post = await requestOf({ ...client, token } as ClientCredentialsMethod, fields)
  expect(post.headers).not.toHaveProperty('authorization')
  expect(Object.fromEntries(new URLSearchParams(post.body))).toMatchObject({
    grant_type: 'account_credentials',
    client_id: 'ada',
    client_secret: fields.secret,
  })
})

test.each([
  ['PKCS #8', pem(rsa.privateKey, 'pkcs8')],
  ['PKCS #1', pem(rsa.privateKey, 'pkcs1')],
])('a statement is signed with a key in PEM of %s', async (_, key) => {
  const { body } = await requestOf(jwt, { user: 'ada', key })
  const { assertion = '', ...form } = Object.fromEntries(new URLSearchParams(body))
  expect(form).toEqual({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    client_id: 'ada',
  })
  expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'ada-1' })
  const { payload } = await jwtVerify(assertion, rsa.publicKey, {
    issuer: 'ada',
    audience: address.href,
    requiredClaims: ['jti'],
  })
  expect(payload).toMatchObject({ scope: 'https://acme.example/auth/read write' })
  expect(payload).not.toHaveProperty('sub')
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300)
  expect(body).not.toContain('PRIVATE')
})

const fromFile: JwtBearerMethod = {
  ...jwt,
  parts: {
    email: { field: 'file', at: '/client_email' },
    key: { field: 'file', at: '/private_key' },
  },
  token: {
    ...jwt.token,
    parameters: {},
    assertion: {
      algorithm: 'ES256',
      privateKey: 'key',
      issuer: '{email}',
      subject: '{person}',
      audience: 'acme',
      claims: {},
      lifeSeconds: 60,
    },
  },
}

test('key and issuer may be parts of a file of JSON, whose own addresses are not followed', async () => {
  const file = JSON.stringify({
    client_email: 'robot@acme.example',
    private_key: pem(ec.privateKey, 'pkcs8'),
    token_uri: 'https://evil.example/token',
  })
  const { body } = await requestOf(fromFile, { file, person: 'grace' })
  const assertion = new URLSearchParams(body).get('assertion') ?? ''
  const { payload } = await jwtVerify(assertion, ec.publicKey, { algorithms: ['ES256'] })
  expect(payload).toMatchObject({ iss: 'robot@acme.example', sub: 'grace', aud: 'acme' })
})

const locked = rsa.privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'open',
})
const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey

test.each<[string, JwtBearerMethod, Record<string, string>, string]>([
  ['is no PEM', jwt, { key: 'AKIA-not-a-key' }, 'key'],
  ['has a password', jwt, { key: String(locked) }, 'key'],
  [
    'is the public one',
    jwt,
    { key: String(rsa.publicKey.export({ type: 'spki', format: 'pem' })) },
    'key',
  ],
  ['is of another algorithm', jwt, { key: pem(ec.privateKey, 'pkcs8') }, 'key'],
  ['is too short', jwt, { key: pem(short, 'pkcs8') }, 'key'],
  ['was left out', jwt, {}, 'key'],
  ['stands in no JSON', fromFile, { file: '-----BEGIN' }, 'file'],
  ['is not in the file', fromFile, { file: '{"client_email":"robot"}' }, 'file'],
  ['is a number', fromFile, { file: '{"client_email":"robot","private_key":7}' }, 'file'],
])(
  'a private key that %s is named by its field, and not repeated',
  async (_, method, typed, field) => {
    const error: unknown = await requestOfFailing(method, typed)
    expect(error).toBeInstanceOf(UnusableField)
    expect(error).toMatchObject({ field, message: `the field ${field} cannot be used` })
    expect((error as UnusableField).cause).toBeUndefined()
  },
)

/** Made of the values in a promise, so that what is thrown at once is caught too. */
async function requestOfFailing(method: JwtBearerMethod, typed: Record<string, string>) {
  try {
    return await requestOf(method, { user: 'ada', ...typed })
  } catch (error) {
    return error
  }
}
