import type { ProviderDefinition } from '@keywell/protocol'
import { marks } from './marks.ts'

const keysPage = 'https://dashboard.algolia.com/account/api-keys'

/** Algolia, by API keys of an application. */
export const algolia = {
  schema: 2,
  name: 'algolia',
  title: 'Algolia',
  category: 'search',
  state: 'preview',
  documentationUrl: 'https://www.algolia.com/doc/guides/security/api-keys',
  mark: marks.algolia,

  variables: {
    applicationId: {
      kind: 'label',
      title: 'Application ID',
      pattern: '[A-Z0-9]{10}',
      letters: 'upper',
    },
  },
  api: {
    base: 'https://{applicationId}.algolia.net',
    also: [
      'https://{applicationId}-dsn.algolia.net',
      'https://{applicationId}-1.algolianet.com',
      'https://{applicationId}-2.algolianet.com',
      'https://{applicationId}-3.algolianet.com',
    ],
  },

  auth: [
    {
      id: 'api_key',
      kind: 'key',
      title: 'API key',
      fields: [
        { name: 'apiKey', label: 'API key', secret: true, pattern: '[A-Za-z0-9=+/_-]{16,}' },
      ],
      steps: [
        'Sign in there, choose the application, and open its API keys.',
        'Make a key that may do what is needed and no more, and copy it. Do not use the admin key.',
      ],
      send: [
        { in: 'header', name: 'X-Algolia-Application-Id', value: '{applicationId}' },
        { in: 'header', name: 'X-Algolia-API-Key', value: '{apiKey}' },
      ],
      // A key can look at itself, and at its rights, only at an address in which it stands, and addresses are logged.
      typedAccount: { id: 'applicationId', name: 'applicationId' },
      health: {
        request: {
          method: 'GET',
          url: 'https://{applicationId}.algolia.net/1/indexes?page=0&hitsPerPage=1',
          headers: {},
        },
        active: [
          { status: [200], at: '/items', type: 'array' },
          // The key is good, and may not list indexes.
          { status: [403], at: '/message', startsWith: 'Method not allowed' },
        ],
        inactive: [{ status: [403], at: '/message', equals: 'Invalid Application-ID or API key' }],
        details: {},
      },
      manualUrl: keysPage,
    },
  ],

  // What a key may do is not known here, so nothing can be asked of it.
  scopes: [],
  scopeGroups: [],
  scopePresets: [],

  // A key is 32 hexadecimal digits, as the id of a trace is, so nothing marks it.

  registration: {
    each: 'provider',
    url: keysPage,
    steps: ['Nothing is registered: each user makes a key.'],
  },
} satisfies ProviderDefinition
