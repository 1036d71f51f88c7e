import type { ProviderDefinition } from '@keywell/protocol'
import { marks } from './marks.ts'

/**
 * GitLab, on gitlab.com and self-managed. Its OAuth server is Doorkeeper with settings of its own;
 * what differs from a plain one is said on the line where it bites.
 */
export const gitlab = {
  schema: 2,
  name: 'gitlab',
  title: 'GitLab',
  category: 'code',
  state: 'stable',
  documentationUrl: 'https://docs.gitlab.com/api/oauth2/',
  mark: marks.gitlab,

  variables: {
    host: { kind: 'host', title: 'GitLab address', default: 'https://gitlab.com' },
  },
  api: { base: '{host}' },

  auth: [
    {
      id: 'oauth',
      kind: 'oauth2',
      title: 'GitLab application',

      authorize: {
        url: '{host}/oauth/authorize',
        pkce: 'S256',
        parameters: {},
        scopes: { parameter: 'scope', separator: ' ' },
        codeLifetimeSeconds: 600,
        issuer: { value: '{host}', inCallback: 'optional' },
      },

      // Sees everything and changes nothing. GitLab itself would grant `api` when no scope is sent.
      defaultScopes: ['read_api'],

      token: {
        url: '{host}/oauth/token',
        // Both forms are accepted, but Doorkeeper does not undo the form encoding that RFC 6749 section
        // 2.3.1 asks for inside Basic: the hyphen of a secret that begins with `gloas-` would arrive as
        // `%2D`, and the client be refused.
        client: 'client_secret_post',
        headers: {},
        sendScopeOnRefresh: false,
        answer: {
          accessToken: ['/access_token'],
          refreshToken: ['/refresh_token'],
          expiresIn: ['/expires_in'],
          scope: ['/scope'],
        },
        errors: [],
      },

      renewal: {
        by: 'refresh_token',
        // A spent refresh token is refused and the newer pair lives on: a lost race does no harm.
        rotation: 'strict',
        // Both tokens are one row with one `revoked_at`.
        revokesOldAccessToken: true,
        // No operator can change it, and tokens without an end died out with GitLab 15.
        defaultExpiresIn: 7200,
        // It works for as long as the grant stands, used or not.
        refreshTokenLifetime: { idle: null, absolute: null },
        // GitLab ends a web request after 60 s, and an operator may have raised that. Waiting too long
        // costs time; sending again too early could cost the pair.
        maxRequestSeconds: 120,
      },

      send: [{ in: 'header', name: 'Authorization', value: 'Bearer {token}' }],

      identity: {
        request: { method: 'GET', url: '{host}/api/v4/user', headers: {} },
        account: {
          id: { at: ['/id'], type: 'integer' },
          name: ['/name'],
          username: ['/username'],
          avatarUrl: ['/avatar_url'],
        },
        scopes: ['read_user', 'read_api', 'api'],
        // An app-only token has no owner, so that there is no account.
        fallback: {
          request: { method: 'GET', url: '{host}/oauth/token/info', headers: {} },
          account: {
            id: { at: ['/resource_owner_id'], type: 'integer' },
            name: [],
            username: [],
            avatarUrl: [],
          },
        },
      },

      // Asks for no scope, and knows app-only tokens too; `GET /user` answers 401 to a good one of those.
      health: {
        request: { method: 'GET', url: '{host}/oauth/token/info', headers: {} },
        active: [{ status: [200], at: ['/scope', '/scopes'], type: 'array' }],
        // GitLab's own controller answers 400 where a stock Doorkeeper answers 401.
        inactive: [
          { status: [400], at: '/error', equals: 'invalid_request' },
          { status: [401], at: '/error', equals: 'invalid_token' },
        ],
        // Both fields have an older name; `expires_in` is null on tokens that were made without an end.
        details: {
          scopes: ['/scope', '/scopes'],
          expiresIn: ['/expires_in', '/expires_in_seconds'],
        },
      },

      revocation: {
        style: 'rfc7009',
        url: '{host}/oauth/revoke',
        // Revoking an access token that has expired does nothing and answers 200.
        send: 'refresh_token',
        // A wrong hint hides the token, with a 200; without one both kinds are searched.
        hint: null,
        // The access token goes with it: both are one row.
        kills: 'pair',
      },
      manualUrl: '{host}/-/user_settings/applications',
    },

    // Personal access tokens; those of projects and groups look the same, and belong to a bot.
    {
      id: 'personal_access_token',
      kind: 'key',
      title: 'personal access token',
      fields: [{ name: 'key', label: 'Personal access token', secret: true }],
      steps: [
        'Sign in there with the account that you want to connect.',
        'Tick the scopes below and no others, choose when the token ends, and copy it: GitLab shows it only once.',
      ],
      // https://docs.gitlab.com/user/profile/personal_access_tokens/; an older GitLab ignores them.
      prefill: { name: 'name', scopes: 'scopes', scopeSeparator: ',' },
      // `PRIVATE-TOKEN` would do as well, but many clients carry it along when a redirect leaves the host.
      send: [{ in: 'header', name: 'Authorization', value: 'Bearer {key}' }],
      identity: {
        request: { method: 'GET', url: '{host}/api/v4/user', headers: {} },
        account: {
          id: { at: ['/id'], type: 'integer' },
          name: ['/name'],
          username: ['/username'],
          avatarUrl: ['/avatar_url'],
        },
        scopes: ['read_user', 'read_api', 'api'],
        // It says no more of the owner than the id.
        fallback: {
          request: {
            method: 'GET',
            url: '{host}/api/v4/personal_access_tokens/self',
            headers: {},
          },
          account: {
            id: { at: ['/user_id'], type: 'integer' },
            name: [],
            username: [],
            avatarUrl: [],
          },
        },
      },
      // `/oauth/token/info` takes none of them.
      health: {
        request: {
          method: 'GET',
          url: '{host}/api/v4/personal_access_tokens/self',
          headers: {},
        },
        active: [
          {
            status: [200],
            all: [
              { at: '/scopes', type: 'array' },
              { at: '/revoked', notEquals: true },
              { at: '/active', notEquals: false },
            ],
          },
        ],
        // Whatever a key may do, it may look at itself, so that GitLab's 401 speaks of the key here. One
        // that is not in GitLab's words may be of something that stands before it. A key that came as
        // `Bearer` is named in OAuth's words, and one that is unknown not always.
        inactive: [
          { status: [401], at: '/message', startsWith: '401 Unauthorized' },
          { status: [401], at: '/error', equals: 'invalid_token' },
          { status: [200], at: '/revoked', equals: true },
          { status: [200], at: '/active', equals: false },
        ],
        details: {
          scopes: ['/scopes'],
          expiresAt: { at: ['/expires_at'], format: 'day' },
        },
      },
      manualUrl: '{host}/-/user_settings/personal_access_tokens',
    },
  ],

  // What GitLab says of its scopes: https://docs.gitlab.com/integration/oauth_provider/. An
  // implication stands here only if it is known: one too few asks for a scope too many, one too
  // many fails at the first call. So nothing is said of `api` and the AI features or virtual
  // registries. In the same way a scope is `readOnly` only if it is known to be.
  scopes: [
    {
      name: 'api',
      sentence:
        'Do in GitLab everything you can do: read and change code, issues, pipelines, settings, members, packages and images.',
      risk: 'critical',
      group: 'api',
      implies: [
        'read_api',
        'read_user',
        'read_repository',
        'write_repository',
        'read_registry',
        'write_registry',
        'create_runner',
        'manage_runner',
      ],
    },
    {
      name: 'read_api',
      sentence:
        'See in GitLab everything you can see, private projects and the values of CI/CD variables included, and change nothing.',
      risk: 'high',
      group: 'api',
      implies: ['read_user', 'read_repository', 'read_registry'],
      readOnly: true,
    },
    {
      name: 'read_user',
      sentence: 'See your profile, and look up the public profiles of others.',
      risk: 'low',
      group: 'profile',
      implies: [],
      readOnly: true,
    },
    {
      name: 'read_repository',
      sentence: 'Read the code of the repositories you can read: clone them or fetch single files.',
      risk: 'medium',
      group: 'code',
      implies: [],
      readOnly: true,
    },
    {
      name: 'write_repository',
      sentence: 'Clone your repositories and push commits to them.',
      risk: 'high',
      group: 'code',
      // It clones, but it does not open the Repository Files API as `read_repository` does.
      implies: [],
    },
    {
      name: 'read_registry',
      sentence: 'Download container images of your projects.',
      risk: 'medium',
      group: 'packages',
      implies: [],
      readOnly: true,
    },
    {
      name: 'write_registry',
      sentence: 'Upload container images to your projects.',
      risk: 'high',
      group: 'packages',
      // Pushing an image needs `read_registry` besides.
      implies: [],
    },
    {
      name: 'read_virtual_registry',
      sentence: 'Download packages and images through virtual registries and the dependency proxy.',
      risk: 'medium',
      group: 'packages',
      implies: [],
      readOnly: true,
    },
    {
      name: 'write_virtual_registry',
      sentence: 'Download, store and delete what virtual registries and the dependency proxy hold.',
      risk: 'high',
      group: 'packages',
      implies: ['read_virtual_registry'],
    },
    {
      name: 'read_observability',
      sentence: 'See the traces, metrics and logs kept in GitLab Observability.',
      risk: 'medium',
      group: 'observability',
      implies: [],
      readOnly: true,
    },
    {
      name: 'write_observability',
      sentence: 'Send traces, metrics and logs to GitLab Observability.',
      risk: 'medium',
      group: 'observability',
      implies: [],
    },
    {
      name: 'ai_features',
      sentence: 'Use GitLab’s AI features in your name.',
      risk: 'medium',
      group: 'ai',
      implies: [],
    },
    {
      name: 'create_runner',
      sentence: 'Add machines that run your CI/CD jobs, and so see what those jobs see.',
      risk: 'high',
      group: 'runners',
      implies: [],
    },
    {
      name: 'manage_runner',
      sentence: 'Reassign, change and delete the machines that run your CI/CD jobs.',
      risk: 'high',
      group: 'runners',
      implies: [],
    },
    {
      name: 'k8s_proxy',
      sentence:
        'Send commands to Kubernetes clusters through GitLab’s agent, with the rights you have there.',
      risk: 'critical',
      group: 'runners',
      implies: [],
    },
    {
      name: 'openid',
      sentence: 'Recognise you by your GitLab account, and see which groups you are in.',
      risk: 'low',
      group: 'profile',
      implies: [],
      readOnly: true,
    },
    {
      name: 'profile',
      sentence: 'See your name, username and picture.',
      risk: 'low',
      group: 'profile',
      implies: [],
      readOnly: true,
    },
    {
      name: 'email',
      sentence: 'See your main e-mail address.',
      risk: 'low',
      group: 'profile',
      implies: [],
      readOnly: true,
    },
    {
      name: 'sudo',
      sentence: 'Act as any other user of the instance. Administrators only.',
      risk: 'critical',
      group: 'administration',
      implies: [],
      administratorsOnly: true,
    },
    {
      name: 'admin_mode',
      sentence:
        'Use your administrator rights where the instance asks for Admin Mode. Administrators only.',
      risk: 'critical',
      group: 'administration',
      implies: [],
      administratorsOnly: true,
    },
    {
      name: 'read_service_ping',
      sentence: 'Download the instance’s usage report. Administrators only.',
      risk: 'medium',
      group: 'administration',
      implies: [],
      readOnly: true,
      administratorsOnly: true,
    },
  ],

  scopeGroups: [
    { name: 'api', title: 'Everything' },
    { name: 'profile', title: 'Your profile' },
    { name: 'code', title: 'Code' },
    { name: 'packages', title: 'Packages and images' },
    { name: 'runners', title: 'Runners and clusters' },
    { name: 'observability', title: 'Observability' },
    { name: 'ai', title: 'AI' },
    { name: 'administration', title: 'Administration' },
  ],
  scopePresets: [
    {
      name: 'read_only',
      title: 'Read only',
      sentence: 'See everything you can see, and change nothing.',
      scopes: ['read_api'],
    },
    {
      name: 'developer',
      title: 'Developer',
      sentence: 'See everything you can see, and push commits. Change nothing else.',
      scopes: ['read_api', 'write_repository'],
    },
    {
      name: 'full',
      title: 'Full access',
      sentence: 'Do everything you can do.',
      scopes: ['api'],
    },
  ],

  // Its version needs a token. This document does not, and names GitLab's own scopes.
  instance: {
    url: '{host}/.well-known/openid-configuration',
    if: {
      status: [200],
      all: [
        { at: '/token_endpoint', matches: '/oauth/token$' },
        { at: '/scopes_supported', includes: ['read_api', 'read_user'] },
      ],
    },
  },

  // gitlab.com lets one address send 2,000 requests a minute, be they of whichever user, and one user
  // as many. The app's own calls may come from the same address, so a quarter of that. What its token
  // endpoint allows in particular is unverified.
  limits: { requestsPerSecond: 8, burst: 40, concurrency: 16 },

  tokenMarks: ['glpat-', 'gloas-'],

  registration: {
    each: 'host',
    url: '{host}/-/user_settings/applications',
    steps: [
      'Sign in to GitLab. Open your avatar, then Edit profile, then Applications, and choose Add new application. For an app that a team looks after, open the group’s Settings, then Applications; an administrator can make one for the whole instance under Admin, then Applications.',
      'Name: what your users will read on the consent page, so the name of your product.',
      'Redirect URI: paste the address that Keywell shows for this integration, unchanged.',
      'Confidential: leave it ticked.',
      'Scopes: tick every scope that you may ask for. They are the ceiling: a connection can ask for fewer, never for others.',
      'Save, then copy the Application ID and the Secret into Keywell. GitLab shows the secret only once.',
    ],
  },
} satisfies ProviderDefinition
