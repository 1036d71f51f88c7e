/**
 * Every line that the service logs: its message, its level and its fields. A message is a fixed phrase, so
 * that an alert can match it; what varies is a field. Fields are added, and never renamed, within a major version.
 *
 *     import { logLineSchema } from '@keywell/protocol/log-lines'
 *
 *     const line = logLineSchema.parse(JSON.parse(text))
 *     if (line.msg === 'connection ended') page(line.connectionId, line.reason)
 *
 * No field holds a secret, a query string, or the name of a user.
 */
import { z } from 'zod'

const text = z.string()
const count = z.number().int().nonnegative()
const ms = z.number().nonnegative()
/** An origin, and the path below which the provider is served; without user, query or fragment. */
const host = z.string().regex(/^https?:\/\/[^?#@]+$/)
/** Of a route or of a provider's API; what varies in it is a placeholder. */
const path = z.string().regex(/^\/[^?#]*$/)
/** What went wrong, as the error says it. */
const reason = text
/** A fixed word for a line that needs an operator. */
const alarm = <Name extends string>(name: Name) => z.literal(name)

const ofTenant = { tenantId: text }
const ofConnection = { ...ofTenant, connectionId: text }
/** A connection, and the provider that it is at. */
const atProvider = { ...ofConnection, provider: text, host }
/** Without a tenant, it is of all of them. */
const ofIntegration = { tenantId: text.optional(), provider: text, host, integrationId: text }
/** A definition of the operator's, and the name of its file. */
const ofFile = { provider: text, file: text }
/** A definition by the API. Without a tenant, it is of all of them. */
const ofProvider = { tenantId: text.optional(), provider: text }
const ofIncident = { ...ofIntegration, incidentId: text }

const levels = { debug: 20, info: 30, warn: 40, error: 50 } as const

export type LogLevel = keyof typeof levels

function at<Level extends LogLevel, Shape extends z.ZodRawShape>(level: Level, fields: Shape) {
  return { level, fields: z.strictObject(fields) }
}

/** By message. */
export const logLines = {
  // Connections.
  'connection connected': at('info', { ...atProvider, generation: count }),
  'connection disconnected': at('info', { ...atProvider, generation: count }),
  'connection ended': at('info', { ...atProvider, status: z.enum(['expired', 'revoked']), reason }),
  'connection degraded': at('info', { ...atProvider, reason: reason.nullable() }),
  'connection recovered': at('info', atProvider),
  'connection storing failed': at('error', { requestId: text.optional(), reason }),
  'account mismatch': at('error', {
    alarm: alarm('account_mismatch'),
    ...ofConnection,
    provider: text,
  }),
  'credential unreadable': at('error', {
    alarm: alarm('credential_unreadable'),
    ...ofConnection,
    generation: count,
    reason,
  }),
  'flow altered': at('error', { alarm: alarm('flow_altered'), ...ofTenant, flowId: text, reason }),
  'connect session altered': at('error', {
    alarm: alarm('session_altered'),
    ...ofTenant,
    sessionId: text,
  }),
  'one-time code forged': at('error', {
    alarm: alarm('code_forged'),
    ...ofTenant,
    flowId: text.optional(),
    sessionId: text.optional(),
    approvalId: text.optional(),
    purpose: text,
  }),
  'flow watch failed': at('debug', { flowId: text, reason }),
  'revocation failed': at('error', { ...ofTenant, connectionId: text.optional(), reason }),
  'revocation storing failed': at('error', { ...ofTenant, reason }),
  'tenant erasure failed': at('error', { ...ofTenant, reason }),

  // Refresh and probes.
  'refresh decision': at('debug', {
    ...ofConnection,
    state: text,
    event: text,
    decision: text,
    attempt: count,
    nextAttemptInMs: z.number().nullable(),
  }),
  'refresh failed': at('warn', {
    ...atProvider,
    outcome: text,
    detail: text,
    attempt: count,
    nextAttemptInMs: z.number().nullable(),
  }),
  'refresh aborted': at('error', { ...ofConnection, reason }),
  'refresh orphaned': at('warn', { ...ofConnection, generation: count }),
  'refresh claim failed': at('warn', { reason }),
  'device claim failed': at('warn', { reason }),
  'device poll aborted': at('error', { tenantId: text, flowId: text, reason }),
  'probe aborted': at('error', { ...ofConnection, reason }),
  'access token inactive': at('warn', ofConnection),
  'commit failed': at('error', {
    subject: z.enum(['refreshed credential', 'end of a flow']),
    pauseMs: ms,
    reason,
  }),
  'replica heartbeat failed': at('warn', { reason }),
  'replica sign-off failed': at('warn', { reason }),

  // Providers.
  'provider call finished': at('debug', {
    tenantId: text.optional(),
    method: text,
    host,
    path,
    status: z.number().int().nullable(),
    ms,
    outcome: text,
  }),
  'tool call finished': at('debug', {
    ...ofConnection,
    requestId: text,
    tool: text,
    result: text,
    providerStatus: z.number().int().nullable(),
    requests: count,
    providerMs: ms,
    bytesIn: count,
  }),
  'call outcome not recorded': at('error', {
    ...ofConnection,
    requestId: text,
    reason,
  }),
  'host throttled': at('warn', {
    host,
    state: text,
    retryAfterMs: ms.nullable(),
  }),
  'egress proxy in use': at('info', { origin: host }),
  'integration suspended': at('error', {
    alarm: alarm('integration_suspended'),
    ...ofIntegration,
    reason,
  }),
  'integration altered': at('error', {
    alarm: alarm('integration_altered'),
    ...ofIntegration,
    reason,
  }),
  'integration resumed': at('info', ofIntegration),
  'provider incident opened': at('error', { alarm: alarm('provider_incident'), ...ofIncident }),
  'provider incident released': at('warn', ofIncident),
  'provider incident confirmed': at('error', ofIncident),

  'provider definition loaded': at('info', ofFile),
  'provider definition removed': at('info', ofFile),
  'provider definition kept': at('warn', ofFile),
  'provider file refused': at('error', {
    alarm: alarm('provider_file_refused'),
    file: text,
    pointer: text,
    reason,
  }),
  'provider definition altered': at('error', {
    alarm: alarm('provider_definition_altered'),
    ...ofProvider,
  }),
  'provider definition refused': at('error', {
    alarm: alarm('provider_definition_refused'),
    ...ofProvider,
    pointer: text,
    reason,
  }),
  'provider definitions not recorded': at('warn', { reason }),
  'provider definitions unreadable': at('warn', { reason }),
  'provider folder unreadable': at('warn', { folder: text, reason }),
  'provider not defined': at('error', { alarm: alarm('provider_undefined'), provider: text }),

  // Requests and API keys.
  'request finished': at('debug', {
    requestId: text,
    method: text,
    route: path.nullable(),
    status: z.number().int(),
    ms,
  }),
  'request failed': at('error', {
    requestId: text,
    code: text.optional(),
    reason: reason.optional(),
    cause: text.optional(),
    stack: text.optional(),
  }),
  'database unavailable': at('error', { requestId: text, reason }),
  'key store unavailable': at('error', { requestId: text, reason: reason.optional() }),
  'API key sent by a browser': at('error', { alarm: alarm('key_in_browser'), keyId: text }),
  'API key forged': at('error', { alarm: alarm('api_key_forged'), keyId: text, verdict: text }),
  'API key unverifiable': at('error', {
    alarm: alarm('api_key_unverifiable'),
    keyId: text,
    version: count,
  }),
  'API key recheck failed': at('warn', { reason }),
  'subscription check failed': at('warn', { reason }),
  'stream ended with its API key': at('info', { keyId: text }),
  'idempotent answer not stored': at('warn', { reason }),
  'idempotent answer altered': at('error', { alarm: alarm('answer_altered'), requestId: text }),

  // Changes and webhooks.
  'change log unreadable': at('warn', { reason }),
  'change log readable': at('info', {}),
  'change log set back': at('warn', {}),
  'change stream read failed': at('warn', { reason }),
  'change listener failed': at('error', { reason }),
  'change retention failed': at('warn', { reason }),
  'unlisten failed': at('debug', { reason }),
  'webhook claim failed': at('warn', { reason }),
  'webhook handling failed': at('warn', { endpointId: text, reason }),
  'webhook secret unreadable': at('error', { endpointId: text, reason }),
  'webhook delivery failed': at('warn', {
    ...ofTenant,
    endpointId: text,
    deliveryId: text,
    attempt: count,
    status: z.number().int().nullable(),
    reason,
    nextAttemptInMs: z.number().nullable(),
  }),

  // Keys, the audit log, the machine.
  'root keys reloaded': at('info', { primary: text, known: z.array(text) }),
  'root key reload failed': at('warn', { reason }),
  'installation key reload failed': at('warn', { reason }),
  'disabled key needed': at('error', {
    alarm: alarm('disabled_key'),
    ...ofTenant,
    recordId: text,
  }),
  'signing key altered': at('error', {
    alarm: alarm('signing_key_altered'),
    name: text,
    version: count,
    reason,
  }),
  'audit head': at('info', {
    ...ofTenant,
    position: z.union([text, count]),
    head: z.strictObject({ protected: text, payload: text, signature: text }),
  }),
  'audit linking failed': at('warn', { reason }),
  'audit partition failed': at('warn', { reason }),
  'audit retention failed': at('warn', { reason }),
  'sweep failed': at('warn', { reason }),
  'clock skew': at('error', { alarm: alarm('clock_skew'), skewMs: z.number().int() }),

  // The process.
  listening: at('info', { address: text, port: count, publicUrl: text, role: text }),
  stopping: at('info', { signal: text.optional() }),
  'stop failed': at('error', { reason }),
  'stop timed out': at('error', { drainMs: ms }),
  'start failed': at('error', { reason }),
  'start warning': at('warn', { reason }),
  crashed: at('error', {
    error: z.strictObject({
      name: text,
      message: text,
      code: z.unknown().optional(),
      stack: text.optional(),
      cause: z.unknown().optional(),
    }),
  }),
  'root key created': at('warn', { file: text }),
  'API key created': at('info', { file: text }),
  'API key missing': at('warn', { command: text }),
  'app origins missing': at('warn', { setting: text }),
  'development mode': at('warn', { folder: text, docs: text, reason }),
  'proxy not counted': at('warn', { address: text.optional(), setting: text }),
} as const

export type LogMessage = keyof typeof logLines

/** The messages of a level. */
export type MessageAt<Level extends LogLevel> = {
  [Message in LogMessage]: (typeof logLines)[Message]['level'] extends Level ? Message : never
}[LogMessage]

export type FieldsOf<Message extends LogMessage> = z.input<(typeof logLines)[Message]['fields']>

const lines = Object.entries(logLines).map(([message, { level, fields }]) =>
  fields.extend({
    level: z.literal(levels[level]),
    /** Milliseconds since 1970. */
    time: z.number().int(),
    msg: z.literal(message),
  }),
)

/** A line as the service writes it: one JSON object. `level` is a number, as pino has it: 20, 30, 40 or 50. */
export type LogLine = {
  [Message in LogMessage]: z.output<(typeof logLines)[Message]['fields']> & {
    level: number
    time: number
    msg: Message
  }
}[LogMessage]

// Made of the same table as the type, by a loop that the compiler does not follow.
export const logLineSchema = z.discriminatedUnion(
  'msg',
  lines as [(typeof lines)[number], ...typeof lines],
) as unknown as z.ZodType<LogLine>

export const levelNumbers: Readonly<Record<LogLevel, number>> = levels
