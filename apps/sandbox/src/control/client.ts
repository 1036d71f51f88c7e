import type { JobPatch } from '../api/job-rows.ts'
import type { Application, User } from '../store/state.ts'
import type { Counts } from './counters.ts'
import type { Fault, FaultInput } from './faults.ts'
import type {
  ApplicationInput,
  GrantSelector,
  IssuedPersonalAccessToken,
  IssuedToken,
  PersonalAccessTokenInput,
  TokenInput,
  UserInput,
} from './protocol.ts'
import type { RefreshRecord } from './refresh-log.ts'
import type { Settings } from './settings.ts'

/** The control port of a sandbox, for tests. Every method throws if the sandbox refuses. */
export interface SandboxControl {
  /** Back to the start: users, applications and settings as they were given, no tokens, no faults. */
  reset(): Promise<void>

  settings(): Promise<Settings>
  /** Changes some settings; answers all. */
  change(settings: Partial<Settings>): Promise<Settings>

  /** Makes something go wrong from now on. Ready-made ones are in `faults`. */
  addFault(fault: FaultInput): Promise<Fault>
  faults(): Promise<Fault[]>
  removeFault(id: number): Promise<void>
  clearFaults(): Promise<void>

  counters(): Promise<Counts>
  /** Every refresh since the last reset, one by one, in the order of its coming. */
  refreshes(): Promise<RefreshRecord[]>
  /** Counters at zero, refreshes forgotten. */
  resetCounters(): Promise<void>

  /** Registers an application; an id that exists is replaced, and its tokens live on. */
  registerApplication(application: ApplicationInput): Promise<Application>
  applications(): Promise<Application[]>
  /** Gives it another secret; the old one is dead at once. */
  renewSecret(clientId: string): Promise<Application>
  /** Removes it with every grant and token. */
  removeApplication(clientId: string): Promise<void>

  users(): Promise<User[]>
  addUser(user: UserInput): Promise<User>
  block(username: string): Promise<User>
  unblock(username: string): Promise<User>
  /** Whether the user has shown who they are. Without it no CI/CD job runs for them. */
  verifyIdentity(username: string, verified: boolean): Promise<User>

  /** Does what a runner does: sets the status of a CI/CD job, its log, its artifacts. */
  reportJob(id: number, report: JobPatch): Promise<void>

  /** Every pair that was issued, dead ones included, in clear. */
  tokens(): Promise<IssuedToken[]>
  /** Issues a pair without a browser. Default of the scopes: all of the application. */
  issueToken(token: TokenInput): Promise<IssuedToken>
  /** What a user does on the Applications page; answers how many pairs died. */
  revokeGrants(selector: GrantSelector): Promise<number>

  /** What a user makes by hand in the settings. */
  issuePersonalAccessToken(token: PersonalAccessTokenInput): Promise<IssuedPersonalAccessToken>
  revokePersonalAccessToken(id: number): Promise<IssuedPersonalAccessToken>
}

/** @param url the sandbox's `controlUrl` */
export function sandboxControl(url: string): SandboxControl {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    // Client and server are the same package: the types of `api.ts` are what arrives here.
    return (text === '' ? undefined : JSON.parse(text)) as T
  }
  const named = encodeURIComponent
  return {
    reset: () => call('POST', '/reset'),
    settings: () => call('GET', '/settings'),
    change: (settings) => call('PATCH', '/settings', settings),
    addFault: (fault) => call('POST', '/faults', fault),
    faults: () => call('GET', '/faults'),
    removeFault: (id) => call('DELETE', `/faults/${id}`),
    clearFaults: () => call('DELETE', '/faults'),
    counters: () => call('GET', '/counters'),
    refreshes: () => call('GET', '/refreshes'),
    resetCounters: () => call('DELETE', '/counters'),
    registerApplication: (application) => call('POST', '/applications', application),
    applications: () => call('GET', '/applications'),
    renewSecret: (clientId) => call('POST', `/applications/${named(clientId)}/secret`),
    removeApplication: (clientId) => call('DELETE', `/applications/${named(clientId)}`),
    users: () => call('GET', '/users'),
    addUser: (user) => call('POST', '/users', user),
    block: (username) => call('PATCH', `/users/${named(username)}`, { blocked: true }),
    verifyIdentity: (username, identityVerified) =>
      call('PATCH', `/users/${named(username)}`, { identityVerified }),
    unblock: (username) => call('PATCH', `/users/${named(username)}`, { blocked: false }),
    reportJob: async (id, report) => {
      await call('PATCH', `/jobs/${id}`, report)
    },
    tokens: () => call('GET', '/tokens'),
    issueToken: (token) => call('POST', '/tokens', token),
    revokeGrants: async (selector) =>
      (await call<{ revoked: number }>('POST', '/grants/revoke', selector)).revoked,
    issuePersonalAccessToken: (token) => call('POST', '/personal-access-tokens', token),
    revokePersonalAccessToken: (id) => call('POST', `/personal-access-tokens/${id}/revoke`),
  }
}
