import type { ProviderDefinition } from '@keywell/protocol'
import { marks } from './marks.ts'

const user = { method: 'GET', url: 'https://api.bitbucket.org/2.0/user', headers: {} } as const
const account = {
  id: { at: ['/account_id'], type: 'text' },
  name: ['/display_name'],
  username: ['/username', '/nickname'],
  avatarUrl: ['/links/avatar/href'],
} as const
const health = {
  request: user,
  // The second: a good credential that may not see the account names what it may see.
  active: [
    { status: [200], at: '/account_id', type: 'string' },
    { status: [403], at: '/error/detail/granted', exists: true },
  ],
  inactive: [{ status: [401] }],
  details: { scopesHeader: 'x-oauth-scopes', scopeSeparator: ',' },
} as const

/** Bitbucket Cloud. */
export const bitbucket = {
  schema: 2,
  name: 'bitbucket',
  title: 'Bitbucket Cloud',
  category: 'code',
  state: 'preview',
  documentationUrl:
    'https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/',
  mark: marks.bitbucket,

  variables: {},
  api: { base: 'https://api.bitbucket.org/2.0' },

  auth: [
    {
      id: 'oauth',
      kind: 'oauth2',
      title: 'OAuth consumer',

      authorize: {
        url: 'https://bitbucket.org/site/oauth2/authorize',
        // Sent though it is not documented: a server that does not know it ignores it.
        pkce: 'S256',
        parameters: {},
        scopes: { parameter: 'scope', separator: ' ' },
        codeLifetimeSeconds: null,
        issuer: { value: 'https://bitbucket.org', inCallback: 'optional' },
      },
      defaultScopes: ['account'],

      token: {
        url: 'https://bitbucket.org/site/oauth2/access_token',
        client: 'client_secret_basic',
        headers: {},
        sendScopeOnRefresh: false,
        answer: {
          accessToken: ['/access_token'],
          refreshToken: ['/refresh_token'],
          expiresIn: ['/expires_in'],
          // The name changes in 2026.
          scope: ['/scope', '/scopes'],
        },
        errors: [
          // Of a grant that is gone it is not said by `invalid_grant`:
          // https://github.com/readthedocs/readthedocs.org/issues/2992
          {
            if: [
              {
                all: [
                  { at: '/error', equals: 'invalid_request' },
                  { at: '/error_description', startsWith: 'Invalid refresh_token' },
                ],
              },
            ],
            is: 'rejected',
          },
          // By which a mistake of the client is named: https://bitbucket.org/site/master/issues/16249
          {
            if: [
              {
                all: [
                  { at: '/error', equals: 'invalid_grant' },
                  { at: '/error_description', contains: 'Unsupported grant type' },
                ],
              },
            ],
            is: 'request_rejected',
          },
        ],
      },

      // Rotation is being introduced in 2026. Ten minutes is what is said of it in one place, so it is cautious to
      // trust one.
      renewal: {
        by: 'refresh_token',
        rotation: 'grace',
        graceSeconds: 60,
        revokesOldAccessToken: false,
        defaultExpiresIn: 7200,
        refreshTokenLifetime: { idle: 7_776_000, absolute: null },
        maxRequestSeconds: 30,
      },
      send: [{ in: 'header', name: 'Authorization', value: 'Bearer {token}' }],
      identity: { request: user, account, scopes: ['account'] },
      health,
      revocation: { style: 'none' },
      manualUrl: 'https://bitbucket.org/account/settings/app-authorizations/',
    },

    // App passwords are gone since 2026. Its scopes are others than those of OAuth, and no answer says which it has.
    {
      id: 'api_token',
      kind: 'key',
      title: 'Atlassian API token',
      fields: [
        {
          name: 'email',
          label: 'E-mail address of your Atlassian account',
          secret: false,
          pattern: '[^@ ]+@[^@ ]+',
        },
        { name: 'token', label: 'API token', secret: true, pattern: 'ATATT3[A-Za-z0-9_=.-]+' },
      ],
      steps: [
        'Sign in there with the account that you want to connect, and choose Create API token with scopes.',
        'Choose Bitbucket as the app, tick read:user:bitbucket and what else the app needs, and copy the token: it is shown only once.',
      ],
      send: [{ in: 'basic', username: '{email}', password: '{token}' }],
      identity: { request: user, account, scopes: [] },
      health,
      manualUrl: 'https://id.atlassian.com/manage-profile/security/api-tokens',
    },
  ],

  // https://developer.atlassian.com/cloud/bitbucket/rest/intro/#scopes
  scopes: [
    {
      name: 'account',
      sentence: 'See your account: name, e-mail addresses, location, SSH keys.',
      risk: 'medium',
      group: 'account',
      implies: ['email'],
      readOnly: true,
    },
    {
      name: 'account:write',
      sentence: 'Change and delete your account.',
      risk: 'critical',
      group: 'account',
      implies: ['account'],
    },
    {
      name: 'email',
      sentence: 'See your main e-mail address.',
      risk: 'low',
      group: 'account',
      implies: [],
      readOnly: true,
    },
    {
      name: 'repository',
      sentence: 'Read and clone all repositories you can see, but not pull requests.',
      risk: 'medium',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'repository:write',
      sentence: 'Push to all repositories that you can write to.',
      risk: 'high',
      group: 'repositories',
      implies: ['repository'],
    },
    {
      name: 'repository:admin',
      sentence: 'Administer repositories: settings, permissions, deploy keys, webhooks.',
      risk: 'critical',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'repository:delete',
      sentence: 'Delete repositories.',
      risk: 'critical',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'pullrequest',
      sentence: 'Read pull requests and comment on them, with the repositories they belong to.',
      risk: 'medium',
      group: 'repositories',
      implies: ['repository'],
    },
    {
      name: 'pullrequest:write',
      sentence: 'Create, approve, decline and merge pull requests.',
      risk: 'high',
      group: 'repositories',
      implies: ['pullrequest', 'repository:write'],
    },
    {
      name: 'issue',
      sentence: 'Read and file issues.',
      risk: 'medium',
      group: 'planning',
      implies: [],
    },
    {
      name: 'issue:write',
      sentence: 'Change issues.',
      risk: 'high',
      group: 'planning',
      implies: ['issue'],
    },
    {
      name: 'wiki',
      sentence: 'Read and change wikis.',
      risk: 'medium',
      group: 'planning',
      implies: [],
    },
    {
      name: 'snippet',
      sentence: 'Read snippets.',
      risk: 'medium',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'snippet:write',
      sentence: 'Create and change snippets.',
      risk: 'medium',
      group: 'repositories',
      implies: ['snippet'],
    },
    {
      name: 'project',
      sentence: 'See the projects of a workspace.',
      risk: 'low',
      group: 'planning',
      implies: ['repository'],
    },
    {
      name: 'project:admin',
      sentence: 'Create, change and delete projects.',
      risk: 'critical',
      group: 'planning',
      implies: [],
    },
    {
      name: 'webhook',
      sentence: 'Create and see webhooks.',
      risk: 'high',
      group: 'automation',
      implies: [],
    },
    {
      name: 'pipeline',
      sentence: 'See pipelines, their steps and deployments.',
      risk: 'medium',
      group: 'automation',
      implies: [],
    },
    {
      name: 'pipeline:write',
      sentence: 'Start, stop and run pipelines again.',
      risk: 'high',
      group: 'automation',
      implies: ['pipeline'],
    },
    {
      name: 'pipeline:variable',
      sentence: 'See and change pipeline variables, secured values excepted.',
      risk: 'critical',
      group: 'automation',
      implies: ['pipeline:write'],
    },
    {
      name: 'runner',
      sentence: 'See runners.',
      risk: 'low',
      group: 'automation',
      implies: [],
    },
    {
      name: 'runner:write',
      sentence: 'Create and change runners.',
      risk: 'critical',
      group: 'automation',
      implies: ['runner'],
    },
  ],
  scopeGroups: [
    { name: 'repositories', title: 'Repositories' },
    { name: 'planning', title: 'Projects, issues and wikis' },
    { name: 'automation', title: 'Pipelines and webhooks' },
    { name: 'account', title: 'Your account' },
  ],
  scopePresets: [
    {
      name: 'read_only',
      title: 'Read only',
      sentence: 'See account, repositories and pull requests. Comments on pull requests are in it.',
      scopes: ['account', 'pullrequest'],
    },
    {
      name: 'developer',
      title: 'Developer',
      sentence: 'Work with code and pull requests, and see pipelines.',
      scopes: ['account', 'pullrequest:write', 'pipeline'],
    },
  ],

  // 1,000 requests an hour for a user.
  limits: { requestsPerSecond: 5, burst: 20, concurrency: 10 },

  tokenMarks: ['ATATT3', 'ATCTT3'],

  registration: {
    each: 'provider',
    url: 'https://bitbucket.org/account/workspaces/',
    steps: [
      'Sign in to Bitbucket, open the settings of the workspace that shall own the app, then OAuth consumers, and choose Add consumer.',
      'Name: what your users will read on the consent page, so the name of your product.',
      'Callback URL: paste the address that Keywell shows for this integration, unchanged.',
      'Permissions: tick Account: Read, and every scope that you may ask for.',
      'Save, open the consumer, and copy Key and Secret into Keywell.',
    ],
  },
} satisfies ProviderDefinition
