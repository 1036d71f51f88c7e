/** A stand-in that gives tokens to programs, and what a definition says of it: three ways to the same account. */
import type { MintedMethod, ProviderDefinition } from '@keywell/protocol'
import { createGeneric, type Generic, type GenericOptions, type Service } from '@keywell/sandbox'

export const provider = 'acme-services'

export interface MintingProvider {
  generic: Generic
  definition: ProviderDefinition
  /** The hosts that the service has to be allowed. */
  origins: string[]
  /** How often a token was asked for, and how often it was given or refused. */
  asked(): { times: number; given: number; refused: number }
}

export const kinds = ['exchange', 'client', 'assertion'] as const
export type Kind = (typeof kinds)[number]

/** What a person types for each of them. */
export function fieldsOf(kind: Kind, service: Service): Record<string, string> {
  const { clientId, clientSecret, keyId, privateKey } = service
  return kind === 'assertion'
    ? {
        file: JSON.stringify(
          { client_id: clientId, key_id: keyId, private_key: privateKey },
          null,
          2,
        ),
      }
    : { id: clientId, secret: clientSecret }
}

/** Each string that opens the account. */
export function secretsOf({ clientSecret, privateKey }: Service): Record<string, string> {
  const [, line = ''] = privateKey.split('\n')
  return { 'client secret': clientSecret, 'private key': line }
}

export async function startMintingProvider(options: GenericOptions = {}): Promise<MintingProvider> {
  const generic = await createGeneric(options)
  const { issuer, api } = generic.urls
  const definition: ProviderDefinition = {
    schema: 2,
    name: provider,
    title: 'Acme Services',
    category: 'other',
    state: 'preview',
    documentationUrl: 'https://docs.example/services',
    variables: {},
    api: { base: api },
    auth: [exchange(issuer, api), client(issuer, api), assertion(issuer, api)],
    scopes: [
      { name: 'read', sentence: 'See it.', risk: 'low', group: 'all', implies: [], readOnly: true },
      { name: 'write', sentence: 'Change it.', risk: 'high', group: 'all', implies: ['read'] },
    ],
    scopeGroups: [{ name: 'all', title: 'All' }],
    scopePresets: [],
    registration: { each: 'provider', url: `${issuer}/apps`, steps: ['None is needed.'] },
  }
  const statuses = () =>
    generic
      .requests()
      .filter(({ path }) => path === '/token' || path === '/exchange')
      .map(({ status }) => status)
  return {
    generic,
    definition,
    origins: [issuer, api],
    asked: () => ({
      times: statuses().length,
      given: statuses().filter((status) => status === 200).length,
      refused: statuses().filter((status) => typeof status === 'number' && status >= 400).length,
    }),
  }
}

/** What the three have in common. */
function typed(issuer: string, api: string) {
  const request = { method: 'GET', url: `${api}/account`, headers: {} } as const
  return {
    title: 'service account',
    steps: ['Make a service account.'],
    send: [{ in: 'header', name: 'Authorization', value: 'Bearer {token}' }],
    identity: {
      request,
      account: {
        id: { at: ['/id'], type: 'text' },
        name: ['/name'],
        username: [],
        avatarUrl: [],
      },
      scopes: [],
    },
    health: {
      request,
      active: [{ status: [200] }],
      inactive: [{ status: [401], at: '/error', equals: 'invalid_token' }],
      details: {},
    },
    manualUrl: `${issuer}/accounts`,
    defaultScopes: ['read'],
    renewal: { by: 'mint', maxRequestSeconds: 30, defaultExpiresIn: 3600 },
  } as const satisfies Partial<MintedMethod>
}

/** What the stand-in answers beside RFC 6749. */
const endpoint = {
  headers: {},
  answer: { accessToken: ['/access_token'], expiresIn: ['/expires_in'], scope: ['/scope'] },
  errors: [
    { if: [{ status: [403], at: '/message', contains: 'suspended' }], is: 'suspended' },
    { if: [{ status: [401], at: '/detail', startsWith: 'incorrect' }], is: 'rejected' },
  ],
} as const

const idAndSecret = [
  { name: 'id', label: 'Service id', secret: false },
  { name: 'secret', label: 'Service secret', secret: true },
] as const

function exchange(issuer: string, api: string): MintedMethod {
  return {
    ...typed(issuer, api),
    id: 'exchange',
    kind: 'key_exchange',
    fields: idAndSecret,
    token: {
      ...endpoint,
      url: `${issuer}/exchange`,
      method: 'POST',
      body: { json: { identifier: '{id}', secret: '{secret}' } },
    },
  }
}

function client(issuer: string, api: string): MintedMethod {
  return {
    ...typed(issuer, api),
    id: 'client',
    kind: 'client_credentials',
    fields: idAndSecret,
    token: {
      ...endpoint,
      url: `${issuer}/token`,
      client: 'client_secret_basic',
      clientId: 'id',
      clientSecret: 'secret',
      parameters: { scope: '{scopes}' },
    },
  }
}

function assertion(issuer: string, api: string): MintedMethod {
  return {
    ...typed(issuer, api),
    id: 'assertion',
    kind: 'jwt_bearer',
    fields: [{ name: 'file', label: 'Key file', secret: true, multiline: true }],
    parts: {
      client: { field: 'file', at: '/client_id' },
      keyId: { field: 'file', at: '/key_id' },
      key: { field: 'file', at: '/private_key' },
    },
    token: {
      ...endpoint,
      url: `${issuer}/token`,
      parameters: {},
      assertion: {
        algorithm: 'RS256',
        privateKey: 'key',
        keyId: '{keyId}',
        issuer: '{client}',
        subject: 'ada',
        claims: { scope: '{scopes}' },
        lifeSeconds: 300,
      },
    },
  }
}
