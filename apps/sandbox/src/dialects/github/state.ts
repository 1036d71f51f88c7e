import { generateKeyPairSync } from 'node:crypto'
import type { Client } from '../core/client.ts'
import { Clock } from '../core/clock.ts'
import { Codes } from '../core/codes.ts'
import { Devices } from '../core/devices.ts'
import { type Grant, Grants } from '../core/grants.ts'
import type { Parts } from '../core/memory.ts'
import { hexadecimal, randomText } from '../core/random.ts'
import { Wire } from '../core/wire.ts'

export interface GitHubUser {
  id: number
  login: string
  name: string
  /** Without one that is verified, no token is given. */
  emailVerified: boolean
}

export interface GitHubOrganization {
  id: number
  login: string
  members: readonly string[]
  /** OAuth apps need its approval, and have none. */
  restrictsOAuthApps: boolean
  /** A token needs a single sign-on of its own. */
  enforcesSaml: boolean
}

export interface GitHubRepository {
  id: number
  owner: string
  name: string
  private: boolean
  /** Read-only. */
  archived?: boolean
  /** Issues are switched off. */
  hasNoIssues?: boolean
  /** Closed by GitHub, after a claim of copyright. */
  blocked?: boolean
  /** Its name before, from which GitHub redirects. */
  formerName?: string
}

interface AnyApp extends Client {
  /** Off until its owner switches it on. */
  deviceFlow: boolean
  /** By GitHub, for abuse. */
  suspended: boolean
}

export interface OAuthApp extends AnyApp {
  kind: 'oauth_app'
}

export interface GitHubApp extends AnyApp {
  kind: 'github_app'
  appId: number
  slug: string
  /** PEM, in PKCS#1 as GitHub gives it. */
  privateKey: string
  permissions: Readonly<Record<string, string>>
  /** Tokens of users end after 8 hours. */
  expiringUserTokens: boolean
  /** Where a browser goes after an installation, if no authorisation follows. */
  setupUrl: string | null
  /** "Request user authorization (OAuth) during installation". */
  authorizesOnInstall: boolean
}

export interface Installation {
  id: number
  appId: number
  /** Of a user or an organisation. */
  account: string
  permissions: Readonly<Record<string, string>>
  suspendedAt: number | null
}

export interface InstallationToken {
  installationId: number
  permissions: Readonly<Record<string, string>>
  expiresAt: number
  revoked: boolean
}

export interface PersonalAccessToken {
  login: string
  /** Null: fine-grained, which has permissions instead. */
  scopes: readonly string[] | null
  expiresAt: number | null
  revoked: boolean
}

/** All that the stand-in knows. */
export class State {
  readonly wire: Wire<'web' | 'api'> = new Wire()
  readonly clock: Clock
  /** 10 minutes: .../authorizing-oauth-apps#2-users-are-redirected-back-to-your-site-by-github */
  readonly codes: Codes
  /** 15 minutes: .../authorizing-oauth-apps#device-flow */
  readonly devices: Devices
  readonly grants: Grants
  readonly apps: Map<string, OAuthApp | GitHubApp> = new Map()
  readonly installations: Map<number, Installation> = new Map()
  readonly installationTokens: Map<string, InstallationToken> = new Map()
  readonly personalAccessTokens: Map<string, PersonalAccessToken> = new Map()
  readonly users: readonly GitHubUser[] = [
    { id: 583231, login: 'ada', name: 'Ada Okafor', emailVerified: true },
    { id: 583232, login: 'grace', name: 'Grace Lindqvist', emailVerified: true },
  ]
  readonly organizations: readonly GitHubOrganization[] = [
    {
      id: 9919,
      login: 'northwind',
      members: ['ada', 'grace'],
      restrictsOAuthApps: false,
      enforcesSaml: false,
    },
  ]
  readonly repositories: readonly GitHubRepository[] = [
    { id: 1296269, owner: 'ada', name: 'notes', private: true },
    { id: 1296270, owner: 'northwind', name: 'harbour', private: true },
    { id: 1296271, owner: 'northwind', name: 'site', private: false },
    { id: 1296272, owner: 'northwind', name: 'charts', private: false },
    { id: 1296273, owner: 'ada', name: 'sextant', private: false },
  ]
  /** Who is signed in, in the one browser there is. */
  signedIn = 'ada'
  /** Of an app or an installation. */
  readonly #ids: Map<'last', number> = new Map([['last', 40_000_000]])

  constructor(clock?: () => number) {
    this.clock = new Clock(clock)
    this.codes = new Codes(this.clock, { lifetimeSeconds: 600, mayOmitRedirectUri: true })
    this.devices = new Devices(this.clock, 900)
    this.grants = new Grants(this.clock, {
      access: (grant) => `${this.#prefixOf(grant)}_${randomText(36)}`,
      refresh: () => `ghr_${randomText(76)}`,
    })
  }

  // https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
  #prefixOf({ clientId }: Grant): 'gho' | 'ghu' {
    return this.apps.get(clientId)?.kind === 'github_app' ? 'ghu' : 'gho'
  }

  /** What a site remembers. */
  get parts(): Parts {
    const { apps, installations, installationTokens, personalAccessTokens } = this
    const ids = this.#ids
    return {
      ...this.grants.parts,
      apps,
      installations,
      installationTokens,
      personalAccessTokens,
      ids,
    }
  }

  user(login: string): GitHubUser | undefined {
    return this.users.find((user) => user.login === login)
  }

  organization(login: string): GitHubOrganization | undefined {
    return this.organizations.find((organization) => organization.login === login)
  }

  gitHubApp(matches: (app: GitHubApp) => boolean): GitHubApp | undefined {
    return [...this.apps.values()]
      .filter((app) => app.kind === 'github_app')
      .find((app) => matches(app))
  }

  nextId(): number {
    const id = (this.#ids.get('last') ?? 0) + 1
    this.#ids.set('last', id)
    return id
  }

  /** Accounts that a person may install an app on. */
  accountsOf(login: string): string[] {
    const organizations = this.organizations.filter(({ members }) => members.includes(login))
    return [login, ...organizations.map((organization) => organization.login)]
  }
}

export interface AppInput {
  name: string
  /** The first one is where a browser goes when a request names none. */
  redirectUris: readonly string[]
  deviceFlow?: boolean
}

export interface GitHubAppInput extends AppInput {
  permissions?: Readonly<Record<string, string>>
  expiringUserTokens?: boolean
  setupUrl?: string
  authorizesOnInstall?: boolean
}

export function registerOAuthApp(
  state: State,
  input: AppInput & Partial<Pick<OAuthApp, 'clientId'>>,
): OAuthApp {
  const app: OAuthApp = {
    kind: 'oauth_app',
    clientId: `Ov23li${randomText(14)}`,
    clientSecret: randomText(40, hexadecimal),
    suspended: false,
    deviceFlow: false,
    ...input,
  }
  state.apps.set(app.clientId, app)
  return app
}

export function registerGitHubApp(state: State, input: GitHubAppInput): GitHubApp {
  const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const app: GitHubApp = {
    kind: 'github_app',
    clientId: `Iv23li${randomText(14)}`,
    clientSecret: randomText(40, hexadecimal),
    appId: state.nextId(),
    slug: input.name.toLowerCase().replaceAll(' ', '-'),
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    permissions: { metadata: 'read', contents: 'read' },
    suspended: false,
    deviceFlow: false,
    expiringUserTokens: true,
    setupUrl: null,
    authorizesOnInstall: false,
    ...input,
  }
  state.apps.set(app.clientId, app)
  return app
}
