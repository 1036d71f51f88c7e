import { z } from 'zod'
import type { ProviderName, ScopeName } from './provider-names.ts'

/**
 * Ids that Keywell makes: a prefix that says of what, and 26 characters of Crockford base32, as in a
 * ULID: 48 bits of time, then 80 random bits. They sort by age and authenticate nothing.
 */
export const idPrefixes = {
  connection: 'con',
  session: 'ses',
  flow: 'flo',
  integration: 'int',
  apiKey: 'key',
  change: 'chg',
  auditEntry: 'aud',
  request: 'req',
  webhook: 'whk',
  message: 'msg',
  incident: 'inc',
  approval: 'apr',
  mcpToken: 'mcp',
} as const

export type IdKind = keyof typeof idPrefixes
type Id<Kind extends IdKind> = `${(typeof idPrefixes)[Kind]}_${string}` & { readonly __kind: Kind }

export type ConnectionId = Id<'connection'>
export type SessionId = Id<'session'>
export type FlowId = Id<'flow'>
export type IntegrationId = Id<'integration'>
export type ApiKeyId = Id<'apiKey'>
export type AuditEntryId = Id<'auditEntry'>
export type RequestId = Id<'request'>
export type WebhookId = Id<'webhook'>
export type MessageId = Id<'message'>
export type IncidentId = Id<'incident'>
export type McpTokenId = Id<'mcpToken'>
export type ApprovalId = Id<'approval'>

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Crockford base32 without padding; five bits a character, the last one filled up with zeros. */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >> bits) & 31]
    }
  }
  return bits > 0 ? text + alphabet[(held << (5 - bits)) & 31] : text
}

/**
 * Makes a new id.
 *
 * @param random ten or more random bytes; passed in, so that this package needs no platform
 * @param nowMs milliseconds since 1970
 */
export function makeId<Kind extends IdKind>(
  kind: Kind,
  random: Uint8Array,
  nowMs: number,
): Id<Kind> {
  const high = Math.floor(nowMs / 2 ** 25)
  const time = quintets(high, 5) + quintets(nowMs % 2 ** 25, 5)
  // The cast is true by construction: prefix of the kind, underscore, text.
  return `${idPrefixes[kind]}_${time}${base32(random.subarray(0, 10))}` as Id<Kind>
}

/** The lowest bits of a number below 2³¹, five a character. */
function quintets(number: number, characters: number): string {
  let text = ''
  for (let shift = 5 * (characters - 1); shift >= 0; shift -= 5) {
    text += alphabet[(number >> shift) & 31]
  }
  return text
}

/** The id of a method of a provider's definition (`auth[].id`), such as `oauth_app`. */
export const methodIdSchema = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,49}$/, 'must be the id of a method, such as oauth_app')

function idSchema<Kind extends IdKind>(kind: Kind) {
  const prefix = idPrefixes[kind]
  return z
    .custom<Id<Kind>>(
      (value) => typeof value === 'string' && value.startsWith(`${prefix}_`) && isIdBody(value),
      { error: `not a ${kind} id: expected "${prefix}_" and 26 characters` },
    )
    .meta({ type: 'string', pattern: `^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$` })
}

function isIdBody(value: string): boolean {
  return /^[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}$/.test(value)
}

export const connectionIdSchema = idSchema('connection')
export const sessionIdSchema = idSchema('session')
export const flowIdSchema = idSchema('flow')
export const integrationIdSchema = idSchema('integration')
export const apiKeyIdSchema = idSchema('apiKey')
export const auditEntryIdSchema = idSchema('auditEntry')
export const webhookIdSchema = idSchema('webhook')
export const messageIdSchema = idSchema('message')
export const incidentIdSchema = idSchema('incident')
export const mcpTokenIdSchema = idSchema('mcpToken')
export const approvalIdSchema = idSchema('approval')

/** Longest tenant or user id, in characters. */
export const maxForeignIdLength = 200

/**
 * An id that the embedding app chose: any text of 1 to 200 characters without control characters.
 * Separators and names such as `__proto__` are ordinary text. `@` may not come first: ids that begin
 * with it belong to the installation (`@install`).
 */
const foreignId = z
  .string()
  .min(1, 'must not be empty')
  .max(maxForeignIdLength, `must have at most ${maxForeignIdLength} characters`)
  .refine((id) => !id.startsWith('@'), 'must not begin with "@": such ids are reserved')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  .refine((id) => !/[\u0000-\u001f\u007f]/.test(id), 'must not contain control characters')
  .refine((id) => !/\p{Surrogate}/u.test(id), 'must be well-formed Unicode')

export const tenantIdSchema = foreignId.brand<'TenantId'>()
export const userIdSchema = foreignId.brand<'UserId'>()
/**
 * Names the tenant itself, in place of a `userId`. It is written out: an id of a user that is missing by mistake must
 * not name what belongs to the whole tenant.
 */
export const tenantOwnerSchema = z.literal('tenant')

/** Whether a request names one owner: a user, or the tenant. */
export function hasOneOwner(named: {
  userId?: string | undefined
  owner?: 'tenant' | undefined
}): boolean {
  return (named.userId === undefined) !== (named.owner === undefined)
}
export function hasAtMostOneOwner(named: Parameters<typeof hasOneOwner>[0]): boolean {
  return named.userId === undefined || named.owner === undefined
}
export const oneOwner = 'must have either userId or owner: "tenant"'

/** Whose connection is meant, of which `hasOneOwner` is required. */
export const ownerFields = {
  tenantId: tenantIdSchema,
  /** A user's; else `owner`. */
  userId: userIdSchema.optional(),
  /** In place of `userId`: the tenant's own, for all of its users. */
  owner: tenantOwnerSchema.optional(),
}

/** A customer of the app that embeds Keywell, by the app's own id. */
export type TenantId = z.infer<typeof tenantIdSchema>
/** A person inside a tenant, by the app's own id. */
export type UserId = z.infer<typeof userIdSchema>

/** Name of a connection, which lets a user hold two accounts at one provider. Default: `default`. */
export const connectionNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9, "_" and "-"')
export const defaultConnectionName = 'default'

const providerText = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be 1 to 40 of a-z, 0-9, "_" and "-"')
/** Name of a provider in the catalogue, e.g. `gitlab`. */
export const providerNameSchema: z.ZodType<string, ProviderName> = providerText
/** The same as the key of a record, where none is expected. */
export const providerKeySchema: z.ZodType<string, string> = providerText
/** Name of a scope, as the provider has it. */
export const scopeNameSchema: z.ZodType<string, ScopeName> = z.string().max(100)
