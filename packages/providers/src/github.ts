import type { ProviderDefinition } from '@keywell/protocol'
import { marks } from './marks.ts'

/** https://docs.github.com/en/rest/about-the-rest-api/api-versions */
const headers = { Accept: 'application/vnd.github+json', 'X-GitHub-Api-Version': '2022-11-28' }
const user = { method: 'GET', url: '{api}/user', headers } as const
const account = {
  id: { at: ['/id'], type: 'integer' },
  name: ['/name', '/login'],
  username: ['/login'],
  avatarUrl: ['/avatar_url'],
} as const
// A secondary rate limit answers 403 or 429, and an organisation that restricts apps 403 or 404: none of them says
// anything of the token.
const health = {
  request: user,
  active: [{ status: [200], at: '/id', type: 'number' }],
  inactive: [{ status: [401], at: '/message', equals: 'Bad credentials' }],
  // A fine-grained token and one of an app have no such header.
  details: { scopesHeader: 'x-oauth-scopes', scopeSeparator: ',' },
} as const
const token = {
  url: '{web}/login/oauth/access_token',
  client: 'client_secret_post',
  // Without it the answer is a form.
  headers: { Accept: 'application/json' },
  sendScopeOnRefresh: false,
  answer: {
    accessToken: ['/access_token'],
    refreshToken: ['/refresh_token'],
    expiresIn: ['/expires_in'],
    refreshExpiresIn: ['/refresh_token_expires_in'],
    scope: ['/scope'],
  },
  // Every refusal has status 200.
  errors: [
    {
      if: [{ at: '/error', oneOf: ['bad_verification_code', 'bad_refresh_token'] }],
      is: 'rejected',
    },
    { if: [{ at: '/error', equals: 'incorrect_client_credentials' }], is: 'client_rejected' },
    {
      if: [
        {
          at: '/error',
          oneOf: ['redirect_uri_mismatch', 'unverified_user_email', 'unsupported_grant_type'],
        },
      ],
      is: 'request_rejected',
    },
  ],
} as const
// The token alone: another connection of the same user and app has a token of its own, which stays.
const revocation = {
  style: 'request',
  request: { method: 'DELETE', url: '{api}/applications/{client_id}/token', headers },
  authenticate: 'client_basic',
  body: { json: { access_token: '{token}' } },
  send: 'access_token',
  // 404 and 422: it was no token of the app any more.
  done: [{ status: [204, 404, 422] }],
  kills: 'token',
} as const
// It has to be switched on in the settings of the app.
// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow
const device = {
  url: '{web}/login/device/code',
  headers: { Accept: 'application/json' },
} as const
const authorize = {
  url: '{web}/login/oauth/authorize',
  pkce: 'S256',
  // Who has several accounts would otherwise connect the one that happens to be signed in.
  parameters: { prompt: 'select_account' },
  codeLifetimeSeconds: 600,
  issuer: { value: '{web}', inCallback: 'optional' },
} as const

/** GitHub, on github.com, on a subdomain of ghe.com, and on servers of one's own. */
export const github = {
  schema: 2,
  name: 'github',
  title: 'GitHub',
  category: 'code',
  state: 'preview',
  documentationUrl: 'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps',
  mark: marks.github,

  variables: {
    web: { kind: 'host', title: 'GitHub address', default: 'https://github.com' },
    // https://docs.github.com/en/enterprise-server/rest/enterprise-admin
    api: {
      kind: 'derived',
      from: 'web',
      lines: [
        { equals: 'https://github.com', value: 'https://api.github.com' },
        { endsWith: '.ghe.com', value: 'https://api.{web.hostname}' },
        { value: '{web}/api/v3' },
      ],
    },
    appSlug: {
      kind: 'segment',
      title: 'Name of the app in its address',
      pattern: '[a-z0-9-]{1,60}',
    },
  },
  api: { base: '{api}' },

  auth: [
    {
      id: 'oauth_app',
      kind: 'oauth2',
      title: 'OAuth app',

      authorize: { ...authorize, scopes: { parameter: 'scope', separator: ' ' } },
      device,
      defaultScopes: ['read:user'],

      token,

      // It lives until its user or the app revokes it, or until it has not been used for a year.
      renewal: { by: 'none', defaultExpiresIn: null },
      send: [{ in: 'header', name: 'Authorization', value: 'Bearer {token}' }],
      identity: { request: user, account, scopes: [] },
      health,

      revocation,
      manualUrl: '{web}/settings/applications',
    },

    {
      // What it may do is said at the app's registration, and where by its installations: it has no scopes.
      // https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
      id: 'app_user',
      kind: 'oauth2',
      title: 'GitHub App, as the user',
      authorize: { ...authorize, scopes: null },
      device,
      defaultScopes: [],
      token,

      // https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
      // An app whose tokens do not expire gives no refresh token, and nothing renews its tokens then.
      renewal: {
        by: 'refresh_token',
        rotation: 'strict',
        revokesOldAccessToken: true,
        // An answer without an end is one of an app that has switched it off.
        defaultExpiresIn: null,
        refreshTokenLifetime: { idle: 15_811_200, absolute: null },
        maxRequestSeconds: 30,
      },
      send: [{ in: 'header', name: 'Authorization', value: 'Bearer {token}' }],
      identity: { request: user, account, scopes: [] },
      health: { ...health, details: {} },
      revocation,
      manualUrl: '{web}/settings/apps/authorizations',
      registration: {
        url: '{web}/settings/apps/new',
        steps: [
          'Sign in to GitHub. For an app of an organization, open the settings of the organization, then Developer settings, GitHub Apps.',
          'GitHub App name: what your users will read on the consent page, so the name of your product.',
          'Callback URL: paste the address that Keywell shows for this integration, unchanged. Leave Expire user authorization tokens ticked, and untick Active under Webhook.',
          'Choose the permissions that your product needs, and no others: they are the most that a user can grant.',
          'Create it, choose Generate a new client secret, then copy Client ID and secret into Keywell. GitHub shows the secret only once.',
        ],
      },
    },

    {
      // What it may do is said at the app's registration, and where by who installs it.
      // https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
      id: 'app_installation',
      kind: 'installation',
      title: 'GitHub App, as the installation',
      install: {
        // https://docs.github.com/en/apps/sharing-github-apps/sharing-your-github-app
        url: '{web}/apps/{appSlug}/installations/new',
        consent: 'app_user',
        // "Bad actors can hit this URL with a spoofed installation_id":
        // https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/about-the-setup-url
        id: { parameter: 'installation_id', pattern: '[1-9][0-9]{0,14}' },
        pending: { parameter: 'setup_action', value: 'request' },
        // https://docs.github.com/en/rest/apps/installations
        list: {
          request: { method: 'GET', url: '{api}/user/installations?per_page=100', headers },
          pages: { parameter: 'page', size: 100 },
          items: '/installations',
          id: ['/id'],
          account: {
            id: { at: ['/account/id'], type: 'integer' },
            name: ['/account/name', '/account/login'],
            username: ['/account/login'],
            avatarUrl: ['/account/avatar_url'],
          },
          permissions: ['/permissions'],
          repositories: ['/repository_selection'],
        },
      },
      // "No more than 10 minutes into the future":
      // https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
      assertion: { algorithm: 'RS256', lifeSeconds: 540 },
      // https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
      token: {
        url: '{api}/app/installations/{installation}/access_tokens',
        headers,
        answer: {
          accessToken: ['/token'],
          expiresAt: ['/expires_at'],
          permissions: ['/permissions'],
          repositories: ['/repository_selection'],
        },
        errors: [
          { if: [{ status: [403], at: '/message', contains: 'suspended' }], is: 'suspended' },
          // The app was removed there.
          { if: [{ status: [404], at: '/message', equals: 'Not Found' }], is: 'rejected' },
          // The app's own token is refused: its key, its id or the clock.
          { if: [{ status: [401] }], is: 'client_rejected' },
          { if: [{ status: [422] }], is: 'request_rejected' },
        ],
      },
      renewal: { by: 'mint', defaultExpiresIn: 3_600, maxRequestSeconds: 30 },
      send: [{ in: 'header', name: 'Authorization', value: 'Bearer {token}' }],
      health: {
        request: { method: 'GET', url: '{api}/installation/repositories?per_page=1', headers },
        active: [{ status: [200], at: '/total_count', type: 'number' }],
        inactive: [{ status: [401], at: '/message', equals: 'Bad credentials' }],
        details: {},
      },
      // The access token alone: the app stays installed.
      revocation: {
        style: 'request',
        request: { method: 'DELETE', url: '{api}/installation/token', headers },
        authenticate: 'credential',
        done: [
          { status: [204] },
          { status: [401], at: '/message', equals: 'Bad credentials' },
          { status: [403], at: '/message', contains: 'suspended' },
        ],
        kills: 'token',
      },
      removal: {
        request: { method: 'DELETE', url: '{api}/app/installations/{installation}', headers },
        done: [{ status: [204] }, { status: [404], at: '/message', equals: 'Not Found' }],
      },
      manualUrl: '{web}/settings/installations',
      registration: {
        url: '{web}/settings/apps/new',
        steps: [
          'Sign in to GitHub. For an app of an organization, open the settings of the organization, then Developer settings, GitHub Apps.',
          'GitHub App name: what your users will read on the install page, so the name of your product. The name in its address, in small letters, is the appSlug that the integration was made with.',
          'Callback URL: paste the address that Keywell shows for this integration, unchanged, and no other. Tick Request user authorization (OAuth) during installation and Redirect on update, and untick Active under Webhook.',
          'Choose the permissions that your product needs, and no others. Under Where can this GitHub App be installed choose Any account, unless all your users are in your own organization.',
          'Create it. Choose Generate a new client secret and Generate a private key, then copy Client ID, secret and the content of the key file into Keywell. GitHub shows both only once.',
        ],
      },
    },

    {
      id: 'personal_access_token',
      kind: 'key',
      title: 'personal access token',
      fields: [
        {
          name: 'token',
          label: 'Personal access token',
          secret: true,
          pattern: '(ghp_|github_pat_)[A-Za-z0-9_]+',
        },
      ],
      steps: [
        'Sign in there with the account that you want to connect.',
        'Choose Generate new token (classic), tick the scopes below and no others, choose when the token ends, and copy it: GitHub shows it only once.',
      ],
      // https://github.com/settings/tokens/new takes them; an older server ignores them.
      prefill: { name: 'description', scopes: 'scopes', scopeSeparator: ',' },
      send: [{ in: 'header', name: 'Authorization', value: 'Bearer {token}' }],
      identity: { request: user, account, scopes: [] },
      health,
      manualUrl: '{web}/settings/tokens/new',
    },
  ],

  // https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
  scopes: [
    {
      name: 'read:user',
      sentence: 'See your profile.',
      risk: 'low',
      group: 'account',
      implies: [],
      readOnly: true,
    },
    {
      name: 'user:email',
      sentence: 'See your e-mail addresses.',
      risk: 'medium',
      group: 'account',
      implies: [],
      readOnly: true,
    },
    {
      name: 'user',
      sentence: 'See and change your profile, and follow others in your name.',
      risk: 'high',
      group: 'account',
      implies: ['read:user', 'user:email'],
    },
    {
      name: 'notifications',
      sentence: 'See your notifications and mark them as read; watch and unwatch repositories.',
      risk: 'medium',
      group: 'account',
      implies: [],
    },
    {
      name: 'public_repo',
      sentence: 'Read and change public repositories: code, commit statuses, collaborators.',
      risk: 'high',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'repo:status',
      sentence: 'See and set commit statuses, without access to the code.',
      risk: 'medium',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'repo_deployment',
      sentence: 'See and set deployment statuses, without access to the code.',
      risk: 'medium',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'security_events',
      sentence: 'See and change the results of code scanning.',
      risk: 'high',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'repo',
      sentence:
        'Read and change all repositories you can reach, private ones too. GitHub has no scope that only reads private code.',
      risk: 'critical',
      group: 'repositories',
      implies: ['repo:status', 'repo_deployment', 'public_repo', 'security_events'],
    },
    {
      name: 'delete_repo',
      sentence: 'Delete repositories that you administer.',
      risk: 'critical',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'workflow',
      sentence: 'Add and change workflow files of Actions, which run code with secrets.',
      risk: 'critical',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'read:repo_hook',
      sentence: 'See webhooks of repositories and send them a test.',
      risk: 'low',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'write:repo_hook',
      sentence: 'See, create and change webhooks of repositories.',
      risk: 'high',
      group: 'repositories',
      implies: ['read:repo_hook'],
    },
    {
      name: 'admin:repo_hook',
      sentence: 'See, create, change and delete webhooks of repositories.',
      risk: 'high',
      group: 'repositories',
      implies: ['write:repo_hook'],
    },
    {
      name: 'gist',
      sentence: 'Create and change gists.',
      risk: 'medium',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'codespace',
      sentence: 'Create and manage codespaces.',
      risk: 'high',
      group: 'repositories',
      implies: [],
    },
    {
      name: 'read:org',
      sentence: 'See organizations, teams and who is a member.',
      risk: 'low',
      group: 'organizations',
      implies: [],
      readOnly: true,
    },
    {
      name: 'write:org',
      sentence: 'Change who is a member of organizations and teams.',
      risk: 'high',
      group: 'organizations',
      implies: ['read:org'],
    },
    {
      name: 'admin:org',
      sentence: 'Manage organizations, teams and members entirely.',
      risk: 'critical',
      group: 'organizations',
      implies: ['write:org'],
    },
    {
      name: 'admin:org_hook',
      sentence: 'Manage the webhooks of organizations that this app has made.',
      risk: 'critical',
      group: 'organizations',
      implies: [],
    },
    {
      name: 'read:project',
      sentence: 'See projects.',
      risk: 'low',
      group: 'organizations',
      implies: [],
      readOnly: true,
    },
    {
      name: 'project',
      sentence: 'See and change projects.',
      risk: 'high',
      group: 'organizations',
      implies: ['read:project'],
    },
    {
      name: 'read:audit_log',
      sentence: 'Read audit logs.',
      risk: 'high',
      group: 'organizations',
      implies: [],
      readOnly: true,
    },
    {
      name: 'read:packages',
      sentence: 'Download packages.',
      risk: 'medium',
      group: 'packages',
      implies: [],
      readOnly: true,
    },
    {
      name: 'write:packages',
      sentence: 'Publish packages.',
      risk: 'high',
      group: 'packages',
      implies: ['read:packages'],
    },
    {
      name: 'delete:packages',
      sentence: 'Delete packages.',
      risk: 'critical',
      group: 'packages',
      implies: [],
    },
    {
      name: 'read:public_key',
      sentence: 'See your SSH keys.',
      risk: 'low',
      group: 'account',
      implies: [],
      readOnly: true,
    },
    {
      name: 'admin:public_key',
      sentence: 'Add and remove your SSH keys.',
      risk: 'critical',
      group: 'account',
      implies: ['read:public_key'],
    },
  ],
  scopeGroups: [
    { name: 'repositories', title: 'Repositories' },
    { name: 'organizations', title: 'Organizations and projects' },
    { name: 'packages', title: 'Packages' },
    { name: 'account', title: 'Your account' },
  ],
  scopePresets: [
    {
      name: 'read_only',
      title: 'Read only',
      sentence:
        'See profile, organizations and projects. GitHub has no scope that only reads code.',
      scopes: ['read:user', 'user:email', 'read:org', 'read:project'],
    },
    {
      name: 'developer',
      title: 'Developer',
      sentence: 'Work with all repositories you can reach, with issues and pull requests.',
      scopes: ['read:user', 'read:org', 'repo'],
    },
  ],

  // https://docs.github.com/en/enterprise-server/rest/meta/meta: a server of one's own says its version.
  instance: {
    url: '{api}/meta',
    if: { status: [200], at: '/installed_version', type: 'string' },
  },

  // 5,000 requests an hour for a user; what all users together may send from one address is not said.
  limits: { requestsPerSecond: 10, burst: 40, concurrency: 16 },

  tokenMarks: ['gho_', 'ghu_', 'ghr_', 'ghs_', 'ghp_', 'github_pat_'],

  registration: {
    each: 'host',
    url: '{web}/settings/developers',
    steps: [
      'Sign in to GitHub. Under OAuth Apps choose New OAuth app. For an app of an organization, open the settings of the organization, then Developer settings.',
      'Application name: what your users will read on the consent page, so the name of your product.',
      'Authorization callback URL: paste the address that Keywell shows for this integration, unchanged.',
      'Register it, choose Generate a new client secret, then copy Client ID and secret into Keywell. GitHub shows the secret only once.',
    ],
  },
} satisfies ProviderDefinition
