import { join, resolve } from 'node:path'
import { type EgressProxy, type KeywellOptions, type PrivateHost, Secret } from '@keywell/server'
import { z } from 'zod'

const text = z.string().min(1)
const flag = z
  .enum(['1', 'true', '0', 'false'])
  .transform((value) => value === '1' || value === 'true')

const environment = z.object({
  /** `development` makes a key file when there is none; nothing else differs. */
  KEYWELL_MODE: z.enum(['production', 'development']).default('production'),
  HOST: text.default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(7400),
  /**
   * Two kinds of processes instead of one: `serve` answers HTTP, `worker` refreshes credentials and
   * delivers webhooks. Any number of each, on one DATABASE_URL.
   */
  KEYWELL_ROLE: z.enum(['all', 'serve', 'worker']).default('all'),
  /** A port of 127.0.0.1 where /metrics needs no API key. Default: none. */
  KEYWELL_METRICS_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  KEYWELL_PUBLIC_URL: z.url().optional(),
  /**
   * Origins of the apps that connect here, comma-separated: `https://app.example`. Connect sessions that
   * name another are refused. Default: any.
   */
  KEYWELL_APP_ORIGIN: z.string().default('').transform(readOrigins),
  /** A page of the app where its user can connect. */
  KEYWELL_CONNECT_URL: z.url().optional(),
  KEYWELL_APPROVAL_URL: z.url().optional(),
  /**
   * Issuers of OAuth servers that hand out tokens of MCP, comma-separated: `https://login.example`. Each endpoint's
   * metadata names them.
   */
  KEYWELL_MCP_AUTHORIZATION_SERVERS: z.string().default('').transform(readIssuers),
  /** Name of the app, on the pages of the service. Default: the host of its address. */
  KEYWELL_APP_NAME: z
    .string()
    .trim()
    .min(1)
    .max(60)
    .regex(/^\P{C}+$/u, 'has a character that cannot be shown')
    .optional(),
  /** A file with its logo: PNG, JPEG, WebP or SVG, of at most 256 KB. Default: the first letter of the name. */
  KEYWELL_APP_LOGO: text.optional(),
  /** Colour of the buttons there, as `#1a73e8`. Text on it is black or white, whichever is easier to read. */
  KEYWELL_APP_COLOR: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'is not like #1a73e8')
    .optional(),
  /** Postgres; without it the embedded database in KEYWELL_DATA_DIR. */
  DATABASE_URL: text.optional(),
  /** A file that holds it, since the environment of a process is readable by its children and in /proc. */
  DATABASE_URL_FILE: text.optional(),
  KEYWELL_DATA_DIR: text.default('.keywell'),
  KEYWELL_KEY_FILE: text.optional(),
  KEYWELL_KEY_FD: z.coerce.number().int().min(3).optional(),
  KEYWELL_KEY: text.optional(),
  /** Where the first API key is written, with mode 0600. */
  KEYWELL_API_KEY_FILE: text.optional(),
  /**
   * Proxies of yours that every request passes: the service takes the address of a client from their headers.
   * Default: 0, and 1 with an https KEYWELL_PUBLIC_URL, since the service itself speaks http.
   */
  KEYWELL_PROXIES: z.coerce.number().int().min(0).max(10).optional(),
  /** Calls that one API key may make, and one address without: `5000/20000` is 5,000 a second, 20,000 at once. */
  KEYWELL_KEY_RATE: z.string().transform(readRate).optional(),
  KEYWELL_ADDRESS_RATE: z.string().transform(readRate).optional(),
  /** Event streams that pages of one address may have open at once: an office may share one. */
  KEYWELL_ADDRESS_STREAMS: z.coerce.number().int().min(1).max(100_000).default(100),
  /** Connections at once; the process needs as many open files and some. */
  KEYWELL_MAX_CONNECTIONS: z.coerce.number().int().min(10).max(1_000_000).default(10_000),
  /**
   * Private hosts, comma-separated: `http://localhost:7401` or `https://gitlab.corp=10.0.0.0/8+fd12::/48`. One
   * that is for some tenants alone ends in their ids: `https://gitlab.corp=10.0.0.0/8 for ten_a+ten_b`, where
   * a `+`, `,` or `%` inside of an id is written as in a URL: `%2B`, `%2C`, `%25`.
   */
  KEYWELL_ALLOW_HOSTS: z.string().default('').transform(readPrivateHosts),
  /** The same for targets of webhooks. */
  KEYWELL_ALLOW_WEBHOOK_HOSTS: z.string().default('').transform(readPrivateHosts),
  /**
   * An HTTP proxy that every call takes but those to private hosts: `http://proxy.corp:3128`, or
   * `http://user:password@proxy.corp:3128`. HTTP_PROXY and similar variables are not used.
   */
  KEYWELL_EGRESS_PROXY: z.string().transform(readEgressProxy).optional(),
  KEYWELL_EGRESS_PROXY_FILE: text.optional(),
  /**
   * Limits of the calls to a host, comma-separated: `https://gitlab.corp=50/100/32` is 50 calls per second on
   * average, 100 at once after a quiet time, 32 at the same time.
   */
  KEYWELL_HOST_LIMITS: z.string().default('').transform(readHostLimits),
  /** A folder of definitions of providers, a JSON file each. Default: none. */
  KEYWELL_PROVIDERS_DIR: text.optional(),
  /** A connection that no backend has read for so many days is renewed only once a day. */
  KEYWELL_DORMANT_AFTER_DAYS: z.coerce.number().int().min(1).max(36_500).default(7),
  /** How many days the audit log is kept. */
  KEYWELL_AUDIT_DAYS: z.coerce.number().int().min(2).max(36_500).default(90),
  /** Whether the audit log has an entry for each background refresh that succeeds. */
  KEYWELL_AUDIT_REFRESHES: flag.default(false),
  KEYWELL_ALLOW_NON_DURABLE: flag.default(false),
  /** How long a stop waits for requests and refreshes under way. 130 is enough for the slowest provider. */
  KEYWELL_DRAIN_SECONDS: z.coerce.number().int().min(1).max(600).default(30),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})

type HostLimits = NonNullable<KeywellOptions['limits']>

export interface Settings {
  mode: 'production' | 'development'
  host: string
  port: number
  role: 'all' | 'serve' | 'worker'
  metricsPort: number | undefined
  publicUrl: string
  /** Undefined: any. */
  appOrigins: string[] | undefined
  connectUrl: string | undefined
  approvalUrl: string | undefined
  mcp: { authorizationServers: string[] }
  /** Of the pages of the service; the logo is a file. */
  app: { name: string | undefined; logoFile: string | undefined; color: string | undefined }
  proxies: number
  rateLimits: NonNullable<KeywellOptions['rateLimits']>
  streamLimits: NonNullable<KeywellOptions['streamLimits']>
  maxConnections: number
  /** Folder of the embedded database, and of the files that are made in development. */
  dataDir: string
  database: { url: string } | { dataDir: string; allowNonDurable: boolean }
  key: { file: string; make: boolean } | { fd: number } | { value: string }
  apiKeyFile: string | undefined
  privateHosts: PrivateHost[]
  privateWebhookHosts: PrivateHost[]
  egressProxy: EgressProxy | undefined
  hostLimits: HostLimits
  /** Folder of more definitions of providers. */
  providersDir: string | undefined
  dormantAfterDays: number
  auditDays: number
  auditRefreshes: boolean
  drainMs: number
  logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** Settings that do not count as configuration: see `isUnconfigured`. */
const harmless: ReadonlySet<string> = new Set(['PORT', 'LOG_LEVEL'])

/**
 * Whether nothing is configured, as after `npx @keywell/service` in an empty folder. The service then starts for
 * development, on this machine alone. With one setting, or `NODE_ENV=production`, a missing setting is an error.
 */
export function isUnconfigured(variables: Record<string, string | undefined>): boolean {
  const isSet = (name: string) => variables[name] !== undefined && !harmless.has(name)
  return variables.NODE_ENV !== 'production' && !Object.keys(environment.shape).some(isSet)
}

/** The environment, parsed once. @throws Error with one sentence for each variable that is wrong */
export function readSettings(variables: Record<string, string | undefined>): Settings {
  const parsed = environment.safeParse(variables)
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new Error(`The environment is not valid. ${issues.join('; ')}`)
  }
  const env = parsed.data
  const dataDir = resolve(env.KEYWELL_DATA_DIR)
  const embedded = env.DATABASE_URL === undefined
  if (embedded && env.KEYWELL_ROLE !== 'all') {
    throw new Error(
      `KEYWELL_ROLE=${env.KEYWELL_ROLE} needs DATABASE_URL: the embedded database is for one process, which does everything.`,
    )
  }
  if (env.KEYWELL_METRICS_PORT !== undefined && env.KEYWELL_METRICS_PORT === env.PORT) {
    throw new Error(`KEYWELL_METRICS_PORT and PORT are both ${env.PORT}; they must differ.`)
  }
  return {
    mode: env.KEYWELL_MODE,
    host: env.HOST,
    port: env.PORT,
    role: env.KEYWELL_ROLE,
    metricsPort: env.KEYWELL_METRICS_PORT,
    publicUrl: env.KEYWELL_PUBLIC_URL ?? `http://127.0.0.1:${env.PORT}`,
    appOrigins: env.KEYWELL_APP_ORIGIN.length === 0 ? undefined : env.KEYWELL_APP_ORIGIN,
    connectUrl: env.KEYWELL_CONNECT_URL,
    approvalUrl: env.KEYWELL_APPROVAL_URL,
    mcp: { authorizationServers: env.KEYWELL_MCP_AUTHORIZATION_SERVERS },
    app: {
      name: env.KEYWELL_APP_NAME,
      logoFile: env.KEYWELL_APP_LOGO,
      color: env.KEYWELL_APP_COLOR,
    },
    proxies: env.KEYWELL_PROXIES ?? (env.KEYWELL_PUBLIC_URL?.startsWith('https:') ? 1 : 0),
    dataDir,
    database:
      env.DATABASE_URL === undefined
        ? { dataDir: join(dataDir, 'database'), allowNonDurable: env.KEYWELL_ALLOW_NON_DURABLE }
        : { url: env.DATABASE_URL },
    key: readKeySource(env, dataDir),
    apiKeyFile: env.KEYWELL_API_KEY_FILE ?? (embedded ? join(dataDir, 'api-key') : undefined),
    rateLimits: {
      ...(env.KEYWELL_KEY_RATE === undefined ? {} : { key: env.KEYWELL_KEY_RATE }),
      ...(env.KEYWELL_ADDRESS_RATE === undefined ? {} : { address: env.KEYWELL_ADDRESS_RATE }),
    },
    streamLimits: { address: env.KEYWELL_ADDRESS_STREAMS },
    maxConnections: env.KEYWELL_MAX_CONNECTIONS,
    privateHosts: env.KEYWELL_ALLOW_HOSTS,
    privateWebhookHosts: env.KEYWELL_ALLOW_WEBHOOK_HOSTS,
    egressProxy: env.KEYWELL_EGRESS_PROXY,
    hostLimits: env.KEYWELL_HOST_LIMITS,
    providersDir:
      env.KEYWELL_PROVIDERS_DIR === undefined ? undefined : resolve(env.KEYWELL_PROVIDERS_DIR),
    dormantAfterDays: env.KEYWELL_DORMANT_AFTER_DAYS,
    auditDays: env.KEYWELL_AUDIT_DAYS,
    auditRefreshes: env.KEYWELL_AUDIT_REFRESHES,
    drainMs: env.KEYWELL_DRAIN_SECONDS * 1000,
    logLevel: env.LOG_LEVEL,
  }
}

function readKeySource(env: z.output<typeof environment>, dataDir: string): Settings['key'] {
  if (env.KEYWELL_KEY_FILE !== undefined) return { file: env.KEYWELL_KEY_FILE, make: false }
  if (env.KEYWELL_KEY_FD !== undefined) return { fd: env.KEYWELL_KEY_FD }
  if (env.KEYWELL_KEY !== undefined) return { value: env.KEYWELL_KEY }
  if (env.KEYWELL_MODE === 'development') return { file: join(dataDir, 'root-key'), make: true }
  throw new Error(
    'There is no root key, so nothing is served. Set KEYWELL_KEY_FILE to a file with a line of ' +
      '32 random bytes as base64url and mode 0600, for example: ' +
      '(umask 077; openssl rand 32 | basenc --base64url > root-key). ' +
      'To try it out, set KEYWELL_MODE=development: it makes one.',
  )
}

function readOrigins(list: string, context: z.RefinementCtx): string[] {
  const origins = list.split(',').map((text) => text.trim())
  for (const origin of origins) {
    const isOrigin = URL.canParse(origin) && new URL(origin).origin === origin
    if (origin !== '' && (!isOrigin || !/^https?:/.test(origin))) {
      context.addIssue(`"${origin}" is not an origin such as https://app.example`)
    }
  }
  return origins.filter((origin) => origin !== '')
}

/** Issuer identifiers of RFC 8414: `https:`, without query and fragment. */
function readIssuers(list: string, context: z.RefinementCtx): string[] {
  const issuers = list
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
  for (const issuer of issuers) {
    const url = URL.canParse(issuer) ? new URL(issuer) : undefined
    if (url?.protocol !== 'https:' || url.search !== '' || url.hash !== '') {
      context.addIssue(`"${issuer}" is not an issuer such as https://login.example`)
    }
  }
  return issuers
}

function readHostLimits(list: string, context: z.RefinementCtx): HostLimits {
  const limits: Record<string, HostLimits[string]> = {}
  for (const entry of list.split(',').map((text) => text.trim())) {
    if (entry === '') continue
    const [, origin, requestsPerSecond, burst, concurrency] =
      /^(https?:\/\/[^/=]+)=(\d+(?:\.\d+)?)\/(\d+)\/(\d+)$/.exec(entry) ?? []
    if (origin === undefined) {
      context.addIssue(`"${entry}" is not like https://gitlab.corp=50/100/32`)
      continue
    }
    limits[origin] = {
      requestsPerSecond: Number(requestsPerSecond),
      burst: Number(burst),
      concurrency: Number(concurrency),
    }
  }
  return limits
}

function readRate(
  text: string,
  context: z.RefinementCtx,
): { requestsPerSecond: number; burst: number } {
  const [, requestsPerSecond, burst] = /^(\d+(?:\.\d+)?)\/([1-9]\d*)$/.exec(text) ?? []
  const rate = { requestsPerSecond: Number(requestsPerSecond), burst: Number(burst) }
  if (!(rate.requestsPerSecond > 0)) context.addIssue(`"${text}" is not like 5000/20000`)
  return rate
}

/** `origin` or `origin=network+network`, then ` for` and its tenants. Default: all tenants. */
function readPrivateHosts(list: string, context: z.RefinementCtx): PrivateHost[] {
  const hosts: PrivateHost[] = []
  for (const entry of list.split(',').map((text) => text.trim())) {
    if (entry === '') continue
    const [, origin, networks, tenants] =
      /^([^\s=]+)(?:=(\S+))?(?:\s+for\s+(\S.*))?$/.exec(entry) ?? []
    const ids = tenants === undefined ? undefined : unescaped(tenants.split('+'))
    const isEmpty = tenants !== undefined && (ids === undefined || ids.includes(''))
    if (origin === undefined || isEmpty) {
      context.addIssue(`"${entry}" is not like https://gitlab.corp=10.0.0.0/8 for ten_a+ten_b`)
      continue
    }
    hosts.push({ origin, networks: networks?.split('+'), tenants: ids })
  }
  return hosts
}

/** Undefined when a `%` escapes nothing. */
function unescaped(texts: readonly string[]): string[] | undefined {
  try {
    return texts.map((text) => decodeURIComponent(text.trim()))
  } catch {
    return undefined
  }
}

/** The error does not repeat the value, since it may hold a password. */
function readEgressProxy(text: string, context: z.RefinementCtx): EgressProxy {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const words = url && unescaped([url.username, url.password])
  const isOrigin = url?.pathname === '/' && url.search === '' && url.hash === ''
  if (url?.protocol !== 'http:' || !isOrigin || words === undefined) {
    context.addIssue('not like http://proxy.corp:3128 or http://user:password@proxy.corp:3128')
    return z.NEVER
  }
  const hasCredentials = words.some((word) => word !== '')
  const credentials = hasCredentials ? new Secret(words.join(':')) : undefined
  return { origin: url.origin, credentials }
}
