import { KeywellError, type ProviderResponse, routes } from '@keywell/protocol'
import { AuditLog } from './audit.ts'
import { CredentialCache } from './cache/credential-cache.ts'
import type { CredentialQuery } from './cache/query.ts'
import type { ReadOptions } from './cache/waiting.ts'
import { ChangeLog } from './changes/change-log.ts'
import { ChangeStream } from './changes/change-stream.ts'
import { streamByFetch, streamByNode } from './changes/open-stream.ts'
import { UserChanges } from './changes/user-changes.ts'
import { Connect } from './connect.ts'
import { Connections } from './connections.ts'
import type { Credential } from './credential.ts'
import { CustomProviders } from './custom-providers.ts'
import type { AppOrigins } from './handler/app-origins.ts'
import { handleConnect } from './handler/connect-handler.ts'
import type { ConnectHandlerParts } from './handler/connect-request.ts'
import type { SignedIn } from './handler/signed-in.ts'
import { callHook } from './hooks.ts'
import { Installations } from './installations.ts'
import { Integrations } from './integrations.ts'
import { type KeywellOptions, settingsOf } from './options.ts'
import { providerFetch } from './provider-fetch.ts'
import { Providers } from './providers.ts'
import { endsWorkWithRequest } from './runtime.ts'
import { Service } from './service.ts'
import { Tenants } from './tenants.ts'
import type { RequestOptions, RequestQuery } from './tools/calls.ts'
import { Tools } from './tools/tools.ts'
import { KeywellUser } from './user.ts'
import { Webhooks } from './webhooks.ts'

export type CredentialResult =
  | { readonly ok: true; readonly credential: Credential }
  | { readonly ok: false; readonly error: KeywellError }

export interface GetCredential {
  /**
   * Answers from memory where it can. Where the token has ended it waits for the new one, within
   * `waitMs` and until the `signal`. Throws `KeywellError`, or the reason of the signal.
   */
  (query: CredentialQuery, options?: ReadOptions): Promise<Credential>
  /** The same for callers that don't like exceptions; only the signal's reason is thrown. */
  safe(query: CredentialQuery, options?: ReadOptions): Promise<CredentialResult>
}

/**
 * Keywell for a backend: credentials of the app's users, always fresh, from memory. Make one per
 * process and keep it.
 *
 *     const keywell = new Keywell()   // KEYWELL_URL, KEYWELL_API_KEY, KEYWELL_APP_ORIGIN
 *     const { credential } = await keywell.getCredential({ provider: 'gitlab', tenantId, userId })
 *
 * Throws `TypeError` when an option is missing or wrong.
 */
export class Keywell {
  /**
   * A credential that is valid now. From memory it takes well under a microsecond or two; the network
   * is asked only for what was not held, or may have been withdrawn.
   */
  readonly getCredential: GetCredential
  /** Lists, reads and removes connections. */
  readonly connections: Connections
  /** Lists, reads and removes apps that administrators have installed. */
  readonly installations: Installations
  /** Makes connect sessions and confirms flows, for those who don't use `connectHandler`. */
  readonly connect: Connect
  /** Reads the catalogue of providers. */
  readonly providers: Providers
  /** Defines providers of your own, and of your tenants. */
  readonly customProviders: CustomProviders
  /** Registers OAuth apps. */
  readonly integrations: Integrations
  /** Checks the messages of the service's webhooks, and manages webhooks. */
  readonly webhooks: Webhooks
  /** Searches and exports the audit log. */
  readonly audit: AuditLog
  /** Says what tenants may do, and ends them. */
  readonly tenants: Tenants
  /** Lists and runs tools for agents. */
  readonly tools: Tools
  /** The same as `tools`, under another name that is in use. */
  readonly actions: Tools
  readonly #cache: CredentialCache
  readonly #stream: ChangeStream
  readonly #fetch: typeof globalThis.fetch
  readonly #appOrigins: AppOrigins
  readonly #follow: ConnectHandlerParts['follow']

  constructor(options: KeywellOptions = {}) {
    const settings = settingsOf(options)
    const { hooks, random } = settings
    this.#appOrigins = settings.appOrigins
    // Called as a method of anything but the global object, some runtimes refuse it.
    this.#fetch = settings.fetch ?? ((input, init) => globalThis.fetch(input, init))
    const isShortLived = endsWorkWithRequest()
    const service = new Service({ ...settings, fetch: this.#fetch })
    this.#cache = new CredentialCache({
      ...settings,
      isShortLived,
      readLog: () => void this.#stream.readLog(),
      read: (body) => {
        if (!isShortLived) this.#stream.start()
        return service.request(routes.credentials.read, 'getCredential', { body })
      },
    })
    const cache = this.#cache
    const userChanges = new UserChanges()
    const listener = userChanges.after(cache.changes)
    const log = new ChangeLog({
      readPage: (after) =>
        service.request(routes.changes.log, 'getCredential', { query: { after } }),
      listener,
      now: () => cache.now(),
    })
    this.#stream = new ChangeStream({
      url: service.urlOf(routes.changes.stream),
      headers: () => service.headers(),
      open: (settings.fetch === undefined && streamByNode()) || streamByFetch(this.#fetch),
      log,
      random,
      listener,
      onError: (error) => callHook(hooks.onError, { error, background: true }),
    })
    this.#follow = isShortLived
      ? undefined
      : (user, wake) => {
          const leave = userChanges.follow(user, wake)
          this.#stream.start()
          return leave
        }
    const get: typeof cache.get = (query, options) => cache.get(query, options)
    this.getCredential = Object.assign(get, {
      safe: (query: CredentialQuery, options?: ReadOptions) => settle(cache.get(query, options)),
    })
    this.connections = new Connections(service, listener.apply)
    this.installations = new Installations(service, listener.apply)
    this.connect = new Connect(service, listener.apply, settings.requestTimeoutMs)
    this.providers = new Providers(service)
    this.customProviders = new CustomProviders(service)
    this.integrations = new Integrations(service)
    this.audit = new AuditLog(service, random)
    this.tenants = new Tenants(service, listener.apply)
    this.webhooks = new Webhooks(service, settings.webhookSecret)
    this.tools = new Tools(service, settings)
    this.actions = this.tools
  }

  /**
   * The calls of one user, without naming tenant and user in each.
   * Throws `KeywellError` (`invalid_request`) for an id that cannot be one.
   */
  forUser(user: { readonly tenantId: string; readonly userId: string }): KeywellUser {
    return new KeywellUser(this, user)
  }

  /**
   * The credential after one that the provider refused with 401. The service probes the refused one: the answer
   * is a newer one, or the same again when there is nothing wrong with it. `fetch` does this by itself.
   * Throws as `getCredential` does; `needs_reauth` where the grant turns out to be gone.
   */
  async getNewerCredential(
    query: CredentialQuery,
    refused: Credential,
    options?: ReadOptions,
  ): Promise<Credential> {
    return this.#cache.getAtLeast(query, refused.generation + 1, options)
  }

  /** What is held in memory, or undefined; never waits. */
  getCredentialSync(query: CredentialQuery): Credential | undefined {
    return this.#cache.getSync(query)
  }

  /** Reads credentials ahead of need, a few at a time. Answers one result per query, in order. */
  async warm(queries: readonly CredentialQuery[]): Promise<CredentialResult[]> {
    const results: CredentialResult[] = []
    const waiting = queries.entries()
    const work = async (): Promise<void> => {
      for (const [index, query] of waiting) results[index] = await this.getCredential.safe(query)
    }
    await Promise.all(Array.from({ length: warmLimit }, work))
    return results
  }

  /** Drops what is held for a query; the next read asks the service. */
  invalidate(query: CredentialQuery): void {
    this.#cache.invalidate(query)
  }

  /**
   * `fetch` to the connection's host, with the credential in its header. `path` begins with `/`, or
   * is a whole URL below that host. No other host ever sees the credential, redirects included.
   * A 401 is tried once more with a newer credential; a stream as body is sent only once.
   * Throws `KeywellError` when there is no credential; the provider's own errors are responses.
   */
  async fetch(query: CredentialQuery, path: string, init?: RequestInit): Promise<Response> {
    const signal = init?.signal ?? undefined
    return providerFetch(
      {
        fetch: this.#fetch,
        get: () => this.#cache.get(query, { signal }),
        getNewer: (refused) => this.getNewerCredential(query, refused, { signal }),
      },
      path,
      init,
    )
  }

  /**
   * One call of a provider's API as the user, which the service sends: this process never has the credential. `fetch`
   * sends it from here and has no bound for bodies. The provider's own errors are answers; their `status` says so.
   *
   *     const { status, body } = await keywell.request(query, '/api/v4/projects', { query: { membership: true } })
   */
  async request(
    query: RequestQuery,
    path: string,
    options?: RequestOptions,
  ): Promise<ProviderResponse> {
    return this.tools.request(query, path, options)
  }

  /**
   * Serves the routes that `@keywell/react` needs, below the path where you mount it:
   *
   *     app.all('/api/keywell/*', (c) => keywell.connectHandler(c.req.raw, signedIn(c)))
   *
   * A connect session is for pages on `appOrigin`, and ends there. Throws `TypeError` where that is not
   * configured, and when `who` names no user.
   *
   * @param who the user who is signed in, by the app's own session
   */
  async connectHandler(request: Request, who: SignedIn): Promise<Response> {
    const { connect, connections } = this
    const { approvals } = this.tools
    const parts = {
      connect,
      connections,
      approvals,
      appOrigins: this.#appOrigins,
      follow: this.#follow,
    }
    return handleConnect(parts, request, who)
  }

  /** Ends the change stream and the timer, and forgets everything. It cannot be used again. */
  close(): void {
    this.#stream.close()
    this.#cache.close()
  }
}

/** Requests of `warm` at once. */
const warmLimit = 8

async function settle(reading: Promise<Credential>): Promise<CredentialResult> {
  try {
    return { ok: true, credential: await reading }
  } catch (error) {
    if (error instanceof KeywellError) return { ok: false, error }
    throw error
  }
}
