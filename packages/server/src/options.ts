import type { HostLimits, ProviderDefinition } from '@keywell/protocol'
import type { VerifyOptions as VerifyAudit } from './audit/verify.ts'
import type { AuditReport } from './audit/verify-chain.ts'
import type { OperatorKeys } from './auth/operator-keys.ts'
import type { RateLimitSettings } from './auth/rate-limits.ts'
import type { OperatorProviders } from './custom-providers/reseal.ts'
import type { KeyOperations } from './encryption-keys/operations.ts'
import type { KeyWaits } from './encryption-keys/parts.ts'
import type { From } from './http/context.ts'
import type { Appearance } from './http/pages/appearance.ts'
import type { StreamLimits } from './http/stream-places.ts'
import type { Logger } from './logger.ts'
import type { Scrape } from './metrics/scrape.ts'
import type { EgressProxy, PrivateHost } from './outbound/outbound.ts'
import type { FaultPoint } from './refresh/fault-point.ts'
import type { OperatorIncidents } from './refresh/operator-incidents.ts'
import type { Timing } from './refresh/timing.ts'
import type { Database } from './store/database.ts'
import type { OperatorTenants } from './tenants/operator-tenants.ts'
import type { KeyProvider } from './vault/key-provider.ts'

export interface KeywellOptions {
  /** Open; see `openPostgres` and `openPglite`. `stop` closes it. */
  database: Database
  /** Root keys; see `fileKeys`, `descriptorKeys` and `environmentKeys`. No key, no start. */
  keys: KeyProvider
  /**
   * Base URL of the service as browsers see it. `https:`, except for loopback in development, where
   * the flow's cookie goes without `__Host-` and `Secure`.
   */
  publicUrl: string
  /**
   * Origins of the apps that connect here, as browsers see them: `https://app.example`. A connect session
   * that names another, in `origins` or `returnUrl`, is refused with `origin_not_allowed`, and the audit
   * log says so. Default: none are listed, and sessions may name any.
   */
  appOrigins?: readonly string[] | undefined
  /** A page of the app where its user can connect; answered with `not_connected` and `needs_reauth`. */
  connectUrl?: string | undefined
  /**
   * A page of the app that leads its user to an approval; `approvalUrl` in errors is it, with `approvalId`. Default: a
   * page of the service, which says to sign in at the app.
   */
  approvalUrl?: string | undefined
  /**
   * `authorizationServers`: issuers of OAuth servers that hand out tokens of MCP for your backend, which makes them. They
   * are named in the metadata of each endpoint (RFC 9728). Default: none.
   */
  mcp?: { readonly authorizationServers?: readonly string[] } | undefined
  /** Name, colour and logo of the app on the pages of the service. Default: the app's host, and no colour. */
  appearance?: Appearance | undefined
  /**
   * Definitions of providers beside the bundled ones; one with the name of a bundled one takes its place. What is
   * said in one applies at once to every connection of that provider, but for what a stored secret may be sent to.
   * Default: none.
   */
  providers?: readonly ProviderDefinition[]
  /**
   * A folder of more definitions, a JSON file each, of at most 64 KiB; at most 500. They are read by `start`, and
   * followed while the service runs. One may have the name of another provider, and then stands in for it.
   */
  providersFolder?: string | undefined
  /**
   * The operator's list of hosts of providers that may be reached although they are private; see
   * `PrivateHost`. Webhooks are not sent there. Default: none.
   */
  privateHosts?: readonly PrivateHost[]
  /** The same for targets of webhooks. No provider is called there. Default: none. */
  privateWebhookHosts?: readonly PrivateHost[]
  /**
   * An HTTP proxy that every call takes but those to private hosts, which are reached directly. It looks
   * names up, so it has to keep them from addresses that are not public. Default: none.
   */
  egressProxy?: EgressProxy | undefined
  /**
   * How much a host is asked of at most, by origin (`https://gitlab.corp`), all replicas together. In
   * place of what its provider's data says, else of 20 calls per second (1,000 for a private host).
   */
  limits?: Readonly<Record<string, HostLimits>>
  /** How often one key, one address and one guesser may call this process; see `defaultRateLimits`. */
  rateLimits?: Partial<RateLimitSettings>
  /** How many event streams may be open at once in this process; see `defaultStreamLimits`. */
  streamLimits?: Partial<StreamLimits>
  /**
   * `serve`: HTTP alone. `worker`: keeps connections alive and delivers webhooks; of HTTP it answers
   * `/livez`, `/readyz` and `/metrics`, and nothing else. Default `all`.
   */
  role?: 'all' | 'serve' | 'worker'
  /** Times of the refresh engine that differ from the defaults; for tests. */
  timing?: Partial<Timing>
  /** How long replaced keys rest that differ from the defaults; for tests. */
  keyWaits?: Partial<KeyWaits>
  /** Where a test may stand in the way of a refresh, or of a tool. */
  faultPoint?: FaultPoint
  /**
   * A connection that no backend has read for so many days is dormant: it is renewed at its next read, and
   * otherwise once a day instead of ahead of every expiry. 1 or more. Default 7.
   */
  dormantAfterDays?: number | undefined
  /** How many days the audit log is kept; 2 or more. Default 90. */
  auditDays?: number | undefined
  /**
   * Writes an audit entry for every refresh that a worker makes ahead of need and that succeeds, and its
   * intent before it. Failures, ends, recoveries, and refreshes that a read waits for, have theirs in any
   * case. Default: false.
   */
  auditRefreshes?: boolean | undefined
  logger?: Logger
  /** Milliseconds since 1970; names ids, decides nothing. */
  now?: () => number
  /** Cryptographic randomness. */
  randomBytes?: (bytes: number) => Uint8Array
}

export interface KeywellService {
  /** Answers any request to the service. */
  fetch(request: Request, from?: From): Promise<Response>
  /**
   * What is measured, in the text format of Prometheus, without asking who looks: for a page that
   * only the operator reaches. `fetch` answers the same at `/metrics`, to an API key with `metrics:read`.
   */
  metrics(): Promise<Scrape>
  /** Migrates the database, checks the keys, and begins to listen for changes. */
  start(): Promise<void>
  /** Finishes what is under way and closes what `start` opened, the database included. */
  stop(): Promise<void>
  apiKeys: OperatorKeys
  /** Replaces keys and looks after them; works before `start`, which a missing key may refuse. */
  keys: KeyOperations
  /** Ends a tenant; after `start`. */
  tenants: OperatorTenants
  /** Lists provider incidents, and releases or confirms one; after `start`. */
  incidents: OperatorIncidents
  /** Stores secrets for a definition that was edited; after `start`. */
  providers: OperatorProviders
  audit: {
    /** Proves that the log is as it was written; see `AuditReport`. Works beside a running service. */
    verify(options?: VerifyAudit): Promise<AuditReport>
  }
}
