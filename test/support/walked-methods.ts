/** The methods of the bundled definitions, each with a stand-in of its provider. */
import type { ProviderDefinition } from '@keywell/protocol'
import { algolia, azureDevOps, bitbucket, buildkite, github, gitlab } from '@keywell/providers'
import {
  type Control,
  createAlgolia,
  createBitbucket,
  createBuildkite,
  createGitHub,
  createMicrosoft,
  createSandbox,
  type GitHub,
  sandboxControl,
  sandboxPassword,
  sandboxVisitor,
  visit,
} from '@keywell/sandbox'
import { startHostsAsPaths } from './hosts-as-paths.ts'
import type { RegisteredClient } from './journey.ts'
import { installationAt } from './walk-installation.ts'

/** What a stand-in does, and what therefore has to be seen of its provider. Nothing here is read from a definition. */
export interface WalkedStandIn {
  /** By the origins of the provider. */
  origins: Readonly<Record<string, string>>
  /** What a connection of Ada's shows. */
  account: { username: string | null; name: string; id?: string }
  /** What a connection is asked for. */
  scopes: readonly string[]
  /** What it has then. Default: the same. */
  granted?: readonly string[]
  /** Whether the API takes a request with these headers. */
  takes(headers: Record<string, string>): Promise<boolean>
  /** Ada takes back what was given. */
  takeBack(): Promise<void>
  unexpected(): string[]
  stop(): Promise<void>
}

export type WalkedApp = WalkedConsent | WalkedCode

interface WalkedClient extends WalkedStandIn {
  register(redirectUri: string): Promise<RegisteredClient>
  /** How long an access token lives, at least and at most; null: it has no end. */
  lifeSeconds: readonly [number, number] | null
  /** What the parameter `scope` of the consent page is, where the provider's pages say so. */
  asked?: string
  /** Whether a disconnect ends the grant there. */
  withdraws: boolean
}

export interface WalkedConsent extends WalkedClient {
  /** Ada consents. */
  consent(page: URL): Promise<URL>
  advance(seconds: number): Promise<void>
  tokenUrl: string
  client: 'client_secret_post' | 'client_secret_basic'
}

export interface WalkedCode extends WalkedClient {
  /** Ada types the code there, and approves. */
  typeCode(userCode: string): Promise<void>
}

export interface WalkedKey extends WalkedStandIn {
  /** What Ada pastes, by the names of the fields. */
  key: Record<string, string>
  /** Where it is for, if there are several such places. */
  host?: string
  /** Whether it was made with an end that the provider tells of. */
  ends: boolean
  /** What looks like a key, and is none. */
  wrong: Record<string, string>
}

/** An app that Ada installs. */
export interface WalkedInstallation
  extends Pick<WalkedStandIn, 'origins' | 'takes' | 'unexpected' | 'stop'> {
  github: GitHub
  /** Of the app, before it is registered. */
  slug: string
  register(redirectUri: string): { clientId: string; clientSecret: string; privateKey: string }
  installation(): ReturnType<GitHub['install']>
  accountId(): string
}

export type WalkedMethod = { definition: ProviderDefinition; id: string } & (
  | { kind: 'app'; open: () => Promise<WalkedApp> }
  | { kind: 'key'; open: () => Promise<WalkedKey> }
  | { kind: 'installation'; open: () => Promise<WalkedInstallation> }
)

export const walkedMethods: readonly WalkedMethod[] = [
  { definition: gitlab, id: 'oauth', kind: 'app', open: openGitLabApp },
  { definition: gitlab, id: 'personal_access_token', kind: 'key', open: openGitLabKey },
  { definition: github, id: 'oauth_app', kind: 'app', open: openGitHubOAuthApp },
  { definition: github, id: 'app_user', kind: 'app', open: openGitHubApp },
  { definition: github, id: 'app_installation', kind: 'installation', open: openInstallation },
  { definition: github, id: 'personal_access_token', kind: 'key', open: openGitHubKey },
  { definition: bitbucket, id: 'oauth', kind: 'app', open: openBitbucketApp },
  { definition: bitbucket, id: 'api_token', kind: 'key', open: openBitbucketKey },
  { definition: azureDevOps, id: 'entra', kind: 'app', open: openAzureDevOps },
  { definition: buildkite, id: 'device', kind: 'app', open: openBuildkiteApp },
  { definition: buildkite, id: 'api_token', kind: 'key', open: openBuildkite },
  { definition: algolia, id: 'api_key', kind: 'key', open: openAlgolia },
]

async function sends(url: string, headers: Record<string, string>): Promise<boolean> {
  const response = await fetch(url, { headers: { 'user-agent': 'walk', ...headers } })
  await response.body?.cancel()
  return response.status === 200
}

const common = ({ unexpected, stop }: Control) => ({ unexpected, stop })
const moved = (at: Control) => async (seconds: number) => at.advance(seconds)
const ada = { username: 'ada', name: 'Ada Okafor' }

async function openGitLab() {
  const at = await createSandbox()
  const control = sandboxControl(at.controlUrl)
  return {
    control,
    origins: { 'https://gitlab.com': at.url },
    account: ada,
    scopes: ['read_api', 'read_user'],
    url: at.url,
    unexpected: () => [],
    stop: at.stop,
  }
}

async function openGitLabApp(): Promise<WalkedApp> {
  const { control, url, ...at } = await openGitLab()
  // Another life than GitLab's own, so that one that is not read is seen.
  await control.change({ tokenLifetimeSeconds: 5_000 })
  return {
    ...at,
    takes: (headers) => sends(`${url}/api/v4/user`, headers),
    register: (redirectUri) =>
      control.registerApplication({
        name: 'Northwind',
        redirectUris: [redirectUri],
        scopes: [...at.scopes, 'api'],
      }),
    consent: (page) =>
      sandboxVisitor({ username: 'ada', password: sandboxPassword }).authorize(page),
    takeBack: async () => void (await control.revokeGrants({ username: 'ada' })),
    advance: async (seconds) => void (await control.change({ clockOffsetMs: seconds * 1_000 })),
    tokenUrl: `${url}/oauth/token`,
    client: 'client_secret_post',
    lifeSeconds: [5_000, 5_000],
    withdraws: true,
  }
}

async function openGitLabKey(): Promise<WalkedKey> {
  const { control, url, ...at } = await openGitLab()
  const { id, value } = await control.issuePersonalAccessToken({
    username: 'ada',
    scopes: ['read_api', 'read_user'],
    expiresOn: new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10),
  })
  return {
    ...at,
    takes: (headers) => sends(`${url}/api/v4/user`, headers),
    key: { key: value },
    ends: true,
    wrong: { key: `glpat-${'x'.repeat(20)}` },
    takeBack: async () => void (await control.revokePersonalAccessToken(id)),
  }
}

async function openGitHub() {
  const at = await createGitHub()
  return {
    at,
    ...common(at),
    origins: { 'https://github.com': at.urls.web, 'https://api.github.com': at.urls.api },
    account: ada,
    scopes: ['read:user', 'repo'],
    takes: (headers: Record<string, string>) => sends(`${at.urls.api}/user`, headers),
  }
}

async function openGitHubOAuthApp(): Promise<WalkedApp> {
  const { at, ...standIn } = await openGitHub()
  let app: ReturnType<typeof at.registerOAuthApp> | undefined
  return {
    ...standIn,
    // Of two scopes of which one includes the other, that one is granted.
    scopes: ['read:user', 'repo', 'user'],
    granted: ['repo', 'user'],
    async register(redirectUri) {
      app = at.registerOAuthApp({ name: 'Northwind', redirectUris: [redirectUri] })
      return app
    },
    consent: visit,
    asked: 'read:user user repo',
    takeBack: async () => void (app && at.revokeAuthorization(app, 'ada')),
    advance: moved(at),
    tokenUrl: `${at.urls.web}/login/oauth/access_token`,
    client: 'client_secret_post',
    lifeSeconds: null,
    withdraws: true,
  }
}

async function openGitHubApp(): Promise<WalkedApp> {
  const { at, ...standIn } = await openGitHub()
  let app: ReturnType<typeof at.registerGitHubApp> | undefined
  return {
    ...standIn,
    // Its permissions are those of the app: nothing is asked for.
    scopes: [],
    async register(redirectUri) {
      const redirectUris = [redirectUri]
      app = at.registerGitHubApp({ name: 'Northwind', redirectUris, expiringUserTokens: true })
      return app
    },
    consent: visit,
    takeBack: async () => void (app && at.revokeAuthorization(app, 'ada')),
    advance: moved(at),
    tokenUrl: `${at.urls.web}/login/oauth/access_token`,
    client: 'client_secret_post',
    lifeSeconds: [28_800, 28_800],
    withdraws: true,
  }
}

async function openGitHubKey(): Promise<WalkedKey> {
  const { at, ...standIn } = await openGitHub()
  const token = at.createPersonalAccessToken({ login: 'ada', scopes: standIn.scopes })
  return {
    ...standIn,
    key: { token },
    ends: false,
    wrong: { token: `ghp_${'x'.repeat(36)}` },
    takeBack: async () => at.revokePersonalAccessToken(token),
  }
}

async function openBitbucketSite() {
  const at = await createBitbucket()
  return {
    at,
    ...common(at),
    origins: { 'https://bitbucket.org': at.urls.web, 'https://api.bitbucket.org': at.urls.api },
    account: ada,
    scopes: ['account', 'repository'],
    takes: (headers: Record<string, string>) => sends(`${at.urls.api}/2.0/user`, headers),
  }
}

async function openBitbucketApp(): Promise<WalkedApp> {
  const { at, ...standIn } = await openBitbucketSite()
  let consumer: ReturnType<typeof at.registerConsumer> | undefined
  // Those of the consumer, whatever is asked for.
  const scopes = [...standIn.scopes, 'issue']
  return {
    ...standIn,
    granted: scopes,
    async register(redirectUri) {
      consumer = at.registerConsumer({ name: 'Northwind', redirectUris: [redirectUri], scopes })
      return consumer
    },
    consent: visit,
    asked: 'account repository',
    takeBack: async () => void (consumer && at.revokeGrant(consumer, 'ada')),
    advance: moved(at),
    tokenUrl: `${at.urls.web}/site/oauth2/access_token`,
    client: 'client_secret_basic',
    lifeSeconds: [7_200, 7_200],
    withdraws: false,
  }
}

async function openBitbucketKey(): Promise<WalkedKey> {
  const { at, ...standIn } = await openBitbucketSite()
  const email = 'ada@example.com'
  const token = at.createApiToken({ email, scopes: ['read:user:bitbucket'] })
  return {
    ...standIn,
    // No answer says what it may do.
    scopes: [],
    key: { email, token },
    ends: false,
    wrong: { email, token: `ATATT3${'x'.repeat(180)}` },
    takeBack: async () => at.revokeApiToken(token),
  }
}

async function openAzureDevOps(): Promise<WalkedApp> {
  const at = await createMicrosoft()
  const email = 'ada@northwind.example'
  let app: ReturnType<typeof at.registerApp> | undefined
  return {
    ...common(at),
    origins: {
      'https://login.microsoftonline.com': at.urls.login,
      'https://app.vssps.visualstudio.com': at.urls.vssps,
      'https://dev.azure.com': at.urls.dev,
    },
    account: { username: email, name: 'Ada Okafor' },
    scopes: ['vso.profile', 'vso.code'],
    takes: (headers) =>
      sends(`${at.urls.vssps}/_apis/profile/profiles/me?api-version=7.1`, headers),
    async register(redirectUri) {
      app = at.registerApp({ name: 'Northwind', redirectUris: [redirectUri] })
      return app
    },
    consent: visit,
    // Access tokens live on, whatever is withdrawn: they are let come to their end.
    async takeBack() {
      if (app !== undefined) at.revokeSessions(app, email)
      at.advance(6_000)
    },
    advance: moved(at),
    tokenUrl: `${at.urls.login}/organizations/oauth2/v2.0/token`,
    client: 'client_secret_post',
    lifeSeconds: [4_400, 4_500],
    withdraws: false,
  }
}

async function openInstallation(): Promise<WalkedInstallation> {
  const at = await createGitHub()
  return {
    ...common(at),
    ...installationAt(at),
    origins: { 'https://github.com': at.urls.web, 'https://api.github.com': at.urls.api },
    takes: (headers) => sends(`${at.urls.api}/installation/repositories`, headers),
  }
}

async function openBuildkiteApp(): Promise<WalkedCode> {
  const at = await createBuildkite()
  const email = 'ada@example.com'
  let application: ReturnType<typeof at.registerApplication> | undefined
  return {
    ...common(at),
    origins: { 'https://buildkite.com': at.urls.web, 'https://api.buildkite.com': at.urls.api },
    account: { username: null, name: 'Ada Okafor' },
    scopes: ['read_user', 'read_builds'],
    takes: (headers) => sends(`${at.urls.api}/v2/user`, headers),
    async register() {
      application = at.registerApplication({ name: 'Northwind', confidential: true })
      return application
    },
    typeCode: (userCode) => at.answerDevice(userCode),
    takeBack: async () => void (application && at.revokeGrant(application, email)),
    lifeSeconds: [86_400, 86_400],
    withdraws: true,
  }
}

async function openBuildkite(): Promise<WalkedKey> {
  const at = await createBuildkite()
  const scopes = ['read_user', 'read_builds']
  const lifetimeSeconds = 30 * 86_400
  const token = at.createAccessToken({ email: 'ada@example.com', scopes, lifetimeSeconds })
  return {
    ...common(at),
    origins: { 'https://buildkite.com': at.urls.web, 'https://api.buildkite.com': at.urls.api },
    account: { username: null, name: 'Ada Okafor' },
    scopes,
    takes: (headers) => sends(`${at.urls.api}/v2/user`, headers),
    key: { token },
    ends: true,
    wrong: { token: `bkua_${'x'.repeat(40)}` },
    takeBack: async () => at.revokeAccessToken(token),
  }
}

async function openAlgolia(): Promise<WalkedKey> {
  const at = await createAlgolia()
  const [application, other] = at.applications
  const { id } = application
  const hosts = await startHostsAsPaths({ [id]: application.url, [other.id]: other.url })
  const host = `${hosts.url}/${id}`
  const key = at.createKey(application, { acl: ['search', 'listIndexes'] })
  return {
    unexpected: at.unexpected,
    async stop() {
      await hosts.stop()
      await at.stop()
    },
    origins: { 'https://{applicationId}.algolia.net': `${hosts.url}/{applicationId}` },
    host,
    account: { username: null, name: id, id },
    // No answer says what it may do.
    scopes: [],
    takes: (headers) => sends(`${host}/1/indexes`, headers),
    key: { apiKey: key },
    ends: false,
    wrong: { apiKey: 'x'.repeat(32) },
    takeBack: async () => at.deleteKey(application, key),
  }
}
