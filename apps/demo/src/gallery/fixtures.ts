import type {
  Connection,
  ConnectOptions,
  Flow,
  HostCheck,
  ProviderBrand,
  SessionAnswer,
} from '@keywell/protocol'
import { marks } from '@keywell/providers/marks'

/** What the backend of the app and the service answer in the gallery; fixtures.test.ts holds it against their schemas. */

/** Made of letters, since the ids of the service are branded. */
export const idOf = <Kind extends string>(kind: Kind, n: number): string =>
  `${kind}_01K9ZQ7V5T3H8M2N4P6R0S${String(n).padStart(4, '0')}`

export const session: SessionAnswer = {
  sessionId: idOf('ses', 1) as SessionAnswer['sessionId'],
  connectToken: 'gallery',
  serviceUrl: 'https://keywell.example',
  expiresAt: '2026-11-02T10:10:00.000Z',
}

export const connection: Connection = {
  id: idOf('con', 1) as Connection['id'],
  tenantId: 'ten_northwind' as Connection['tenantId'],
  userId: 'usr_mira' as Connection['userId'],
  provider: 'gitlab',
  method: 'oauth',
  host: 'https://gitlab.com',
  name: 'default',
  status: 'active',
  needsReauth: false,
  reason: null,
  health: { status: 'ok', reason: null, checkedAt: '2026-11-02T09:58:00.000Z' },
  account: { id: '7', name: 'Ada Okafor', username: 'ada', avatarUrl: null },
  scopes: ['read_api', 'read_user'],
  missingScopes: [],
  renewable: true,
  endsAt: null,
  refreshExpiresAt: null,
  generation: 1,
  createdAt: '2026-10-12T08:30:00.000Z',
  updatedAt: '2026-11-02T09:58:00.000Z',
  lastUsedAt: '2026-11-02T09:59:00.000Z',
}

export const broken: Connection = {
  ...connection,
  status: 'revoked',
  needsReauth: true,
  reason: 'revoked',
}

export const longName: Connection = {
  ...connection,
  account: {
    ...connection.account,
    name: 'Wilhelmina Bartholomäa von und zu Hohenstaufen-Lichtenberg',
  },
}

/** A key that its user pasted, and that nothing renews. */
export const ending: Connection = {
  ...connection,
  renewable: false,
  endsAt: '2027-03-31T00:00:00.000Z',
  refreshExpiresAt: null,
  missingScopes: ['read_user'],
  scopes: ['read_api'],
}

export const flow: Flow = {
  flowId: idOf('flo', 1) as Flow['flowId'],
  status: 'started',
  error: null,
  connection: null,
}

export const hostCheck: HostCheck = {
  host: 'https://git.northwind.example/gitlab',
  status: 'ready',
  methods: ['oauth'],
  nextStep: null,
  registration: null,
}

export const notRegistered: HostCheck = {
  ...hostCheck,
  status: 'not_registered',
  methods: [],
  nextStep: 'Register an application there.',
  registration: {
    page: 'https://git.northwind.example/gitlab/-/user_settings/applications',
    redirectUri: 'https://keywell.example/oauth/callback/int_01K9ZQ7V5T3H8M2N4P6R0S0001',
    scopes: ['read_api', 'read_user'],
    steps: [],
  },
}

/** How people know GitLab. */
export const brand: ProviderBrand = { title: 'GitLab', mark: marks.gitlab }

type Offer = ConnectOptions['providers'][number]

/** What a session offers of GitLab, in small. */
export const offer: Offer = {
  name: 'gitlab',
  ...brand,
  defaultHost: 'https://gitlab.com',
  hosts: ['https://gitlab.com'],
  methods: [{ id: 'oauth', kind: 'oauth2', title: 'OAuth' }],
  scopeGroups: [
    { name: 'account', title: 'Your account' },
    { name: 'api', title: 'Projects, issues and merge requests' },
    { name: 'code', title: 'Code' },
  ],
  scopePresets: [
    {
      name: 'read',
      title: 'Read only',
      sentence: 'Sees everything, changes nothing.',
      scopes: ['read_user', 'read_api'],
    },
    {
      name: 'full',
      title: 'Full',
      sentence: 'May do all that you may do.',
      scopes: ['read_user', 'api'],
    },
  ],
  scopes: [
    {
      name: 'read_user',
      sentence: 'Sees your name, your picture and your e-mail address.',
      risk: 'low',
      implies: [],
      group: 'account',
      required: true,
    },
    {
      name: 'read_api',
      sentence: 'Sees your projects, issues and merge requests.',
      risk: 'medium',
      implies: ['read_user', 'read_repository'],
      group: 'api',
      required: false,
    },
    {
      name: 'api',
      sentence: 'Changes projects, issues and merge requests, as you can.',
      risk: 'high',
      implies: ['read_api', 'read_user', 'read_repository'],
      group: 'api',
      required: false,
    },
    {
      name: 'read_repository',
      sentence: 'Reads the code of your private projects.',
      risk: 'medium',
      implies: [],
      group: 'code',
      required: false,
    },
  ],
  tools: [
    { name: 'gitlab_issues_list', title: 'List issues', group: 'issues', scopes: ['read_api'] },
    { name: 'gitlab_issues_create', title: 'Create an issue', group: 'issues', scopes: ['api'] },
    { name: 'gitlab_files_get', title: 'Read a file', group: 'files', scopes: ['read_repository'] },
  ],
}
