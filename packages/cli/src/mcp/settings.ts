/** Settings of `keywell mcp`: variables with a prefix, such as `KEYWELL_GITLAB_URL`. */
import { Secret } from '@keywell/protocol'
import { z } from 'zod'
import type { Variables } from './env-file.ts'

const text = z.string().min(1)
const flag = z
  .enum(['1', 'true', 'yes', '0', 'false', 'no'])
  .transform((value) => ['1', 'true', 'yes'].includes(value))
const port = z.coerce.number().int().min(1).max(65_535)
const secret = text.transform((value) => new Secret(value))

/** Of every server: what stands behind the prefix. */
const serverVariables = z.object({
  READ_ONLY: flag.default(false),
  SERVER_TRANSPORT: z.enum(['stdio', 'http', 'streamable-http']).default('stdio'),
  SERVER_HOST: text.optional(),
  SERVER_SERVER_HOST: text.optional(),
  SERVER_PORT: port.optional(),
  SERVER_SERVER_PORT: port.optional(),
  /** Bearer of clients over HTTP. Default: one is made, and printed. */
  SERVER_TOKEN: z.string().min(32, 'must have at least 32 characters').optional(),
  SERVER_LOG_LEVEL: z.preprocess(
    (value) => (typeof value === 'string' ? value.toUpperCase() : value),
    z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']).default('INFO'),
  ),
  SERVER_LOG_FORMAT: z.enum(['text', 'json']).default('text'),
})

/** Of one with a credential of its own. */
const variables = serverVariables.extend({
  /** The instance, with its relative root. */
  URL: z.url({ protocol: /^https?$/ }),
  /** A personal access token. It is used where client credentials are set as well. */
  TOKEN: secret.optional(),
  OAUTH_CLIENT_ID: text.optional(),
  OAUTH_CLIENT_SECRET: secret.optional(),
  /** Taken from files of other servers; client credentials need none. */
  OAUTH_REDIRECT_URI: text.optional(),
  VERIFY_SSL: flag.optional(),
  VERIFY_TLS: flag.optional(),
  /** Certificates that the instance may be signed by, as PEM. */
  CA_FILE: text.optional(),
  /** Number or path. */
  DEFAULT_PROJECT_ID: text.optional(),
  DEFAULT_GROUP_ID: text.optional(),
  /** 0: no limit. */
  RATE_LIMIT_MAX_REQUESTS: z.coerce.number().int().min(0).max(100_000).default(100),
  RATE_LIMIT_WINDOW_SECONDS: z.coerce.number().positive().max(86_400).default(60),
  /** Connections to the instance at once. */
  SERVER_MAX_CONNECTIONS: z.coerce.number().int().min(1).max(100).default(10),
})

/** How agents reach a server, and what it lets them do. */
export interface ServerSettings {
  readonly readOnly: boolean
  /** The variable that says so. */
  readonly readOnlyBy: string
  /** Undefined: stdio. */
  readonly http:
    | { readonly host: string; readonly port: number; readonly token: Secret | undefined }
    | undefined
  readonly log: { readonly quiet: boolean; readonly json: boolean }
}

/** With those of its credential. */
export interface Settings extends ServerSettings {
  /** Base URL of the instance, without a slash at its end. */
  readonly host: string
  readonly credential:
    | { readonly kind: 'token'; readonly token: Secret }
    | { readonly kind: 'client'; readonly clientId: string; readonly clientSecret: Secret }
  readonly tls: { readonly verify: boolean; readonly caFile: string | undefined }
  /** By kind of place. */
  readonly defaultPlaces: Readonly<Record<string, string>>
  readonly rateLimit: { readonly calls: number; readonly windowMs: number }
  readonly maxConnections: number
}

/** @throws Error with one sentence for each variable that is wrong; no value of a secret is in it */
export function readSettings(given: Variables, prefix: string): Settings {
  const env = parse(variables, given, prefix)
  return {
    ...serverOf(env, prefix),
    host: env.URL.replace(/\/$/, ''),
    credential: credentialOf(env, prefix),
    tls: { verify: env.VERIFY_SSL !== false && env.VERIFY_TLS !== false, caFile: env.CA_FILE },
    defaultPlaces: {
      ...(env.DEFAULT_PROJECT_ID !== undefined && { project: env.DEFAULT_PROJECT_ID }),
      ...(env.DEFAULT_GROUP_ID !== undefined && { group: env.DEFAULT_GROUP_ID }),
    },
    rateLimit: {
      calls: env.RATE_LIMIT_MAX_REQUESTS,
      windowMs: env.RATE_LIMIT_WINDOW_SECONDS * 1_000,
    },
    maxConnections: env.SERVER_MAX_CONNECTIONS,
  }
}

/** Those of a server whose credential is the service's. @throws as `readSettings` */
export function readServerSettings(given: Variables, prefix: string): ServerSettings {
  return serverOf(parse(serverVariables, given, prefix), prefix)
}

type ServerEnvironment = z.output<typeof serverVariables>
type Environment = z.output<typeof variables>

function parse<Schema extends z.ZodObject>(
  schema: Schema,
  given: Variables,
  prefix: string,
): z.output<Schema> {
  const own = Object.keys(schema.shape).flatMap((name) => {
    const value = given[prefix + name]
    // A line without a value in a file leaves the default.
    return value === undefined || value === '' ? [] : [[name, value]]
  })
  const parsed = schema.safeParse(Object.fromEntries(own))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${prefix}${path.join('.')}: ${message}`,
  )
  throw new Error(`The settings are not valid. ${problems.join('; ')}`)
}

function credentialOf(env: Environment, prefix: string): Settings['credential'] {
  const { TOKEN, OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET } = env
  if (TOKEN !== undefined) return { kind: 'token', token: TOKEN }
  if (OAUTH_CLIENT_ID !== undefined && OAUTH_CLIENT_SECRET !== undefined) {
    return { kind: 'client', clientId: OAUTH_CLIENT_ID, clientSecret: OAUTH_CLIENT_SECRET }
  }
  throw new Error(
    `There is no credential. Set ${prefix}TOKEN, or both ${prefix}OAUTH_CLIENT_ID and ${prefix}OAUTH_CLIENT_SECRET.`,
  )
}

function serverOf(env: ServerEnvironment, prefix: string): ServerSettings {
  return {
    readOnly: env.READ_ONLY,
    readOnlyBy: `${prefix}READ_ONLY`,
    http: httpOf(env),
    log: {
      quiet: ['WARNING', 'ERROR', 'CRITICAL'].includes(env.SERVER_LOG_LEVEL),
      json: env.SERVER_LOG_FORMAT === 'json',
    },
  }
}

function httpOf(env: ServerEnvironment): ServerSettings['http'] {
  if (env.SERVER_TRANSPORT === 'stdio') return undefined
  return {
    host: env.SERVER_HOST ?? env.SERVER_SERVER_HOST ?? '127.0.0.1',
    port: env.SERVER_PORT ?? env.SERVER_SERVER_PORT ?? 8004,
    token: env.SERVER_TOKEN === undefined ? undefined : new Secret(env.SERVER_TOKEN),
  }
}
