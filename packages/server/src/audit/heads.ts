import type { AuditHead, WebhookAuditHead, WebhookEventType } from '@keywell/protocol'
import * as jose from 'jose'
import { z } from 'zod'
import type { Logger } from '../logger.ts'
import { tryLockChains } from '../store/audit-chain.ts'
import {
  findNewestHead,
  type HeadRow,
  insertHeads,
  type SignedHead,
  takeDueHeads,
} from '../store/audit-heads.ts'
import type { Database } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'
import { insertDeliveriesOfAll } from '../store/webhook-deliveries.ts'

/** How long a chain grows before its end is signed. Younger entries could be cut off unnoticed. */
const signAfterMs = 60_000
/** Signatures of one transaction. */
const batchHeads = 200
/** Distinguishes the token from all others that this installation signs. */
const tokenType = 'keywell-audit-head+jwt'

/** The claims of a signed head: the end of a tenant's chain at a time. */
export interface HeadClaims {
  tenantId: string
  position: number
  /** In base64url. */
  link: string
  /** Milliseconds since 1970. */
  at: number
}

const claimsSchema: z.ZodType<HeadClaims> = z.object({
  tenantId: z.string(),
  position: z.number().int().positive(),
  link: z.string(),
  at: z.number(),
})

/** A key pair of the installation. */
export interface HeadKey {
  sign(claims: jose.JWTPayload, type: string): Promise<string>
  readonly publicKeys: readonly (jose.JWK & { kty: string })[]
}

export interface Heads {
  /** Signs the ends of chains that are due. Returns their number. */
  sign(): Promise<number>
  /** The claims of a token; undefined: this installation did not sign it. */
  check(token: string): Promise<HeadClaims | undefined>
  /** The newest head of a tenant, with the keys to check it. */
  newest(tenantId: string): Promise<AuditHead>
}

interface HeadParts {
  database: Database
  key: HeadKey
  /** The service's public URL. */
  issuer: string
  logger: Logger
}

/**
 * Signs the ends of chains, and sends them to the log and to the webhook endpoints that want them. They are then
 * known outside of the database: a person who can write there can remove the end of a chain and its heads,
 * but not the heads that were sent before.
 */
export function createHeads(parts: HeadParts): Heads {
  return {
    async sign() {
      let signed = 0
      let batch: number
      do {
        batch = await signBatch(parts)
        signed += batch
      } while (batch === batchHeads)
      return signed
    },
    newest: (tenantId) => readNewest(parts, tenantId),
    check: (token) => checkToken(parts.key, token),
  }
}

async function signBatch(parts: HeadParts): Promise<number> {
  const signed = await parts.database.transaction(everyTenant, async (sql) => {
    // Under the lock of the chains: otherwise a link that is added meanwhile would not be marked as due again.
    if (!(await tryLockChains(sql))) return []
    const due = await takeDueHeads(sql, { unsignedForMs: signAfterMs, limit: batchHeads })
    if (due.length === 0) return []
    const heads = await Promise.all(due.map((head) => signHead(parts, head)))
    await insertHeads(sql, heads)
    await insertDeliveriesOfAll(sql, heads.map(messageOf))
    return heads
  })
  for (const { tenantId, position, token } of signed) {
    parts.logger.info({ tenantId, position, head: flattened(token) }, 'audit head')
  }
  return signed.length
}

async function signHead({ key, issuer }: HeadParts, head: HeadRow): Promise<SignedHead> {
  const link = Buffer.from(head.link).toString('base64url')
  const at = head.at.getTime()
  const claims = { iss: issuer, tenantId: head.tenantId, position: head.position, link, at }
  return { ...head, token: await key.sign(claims, tokenType) }
}

async function readNewest(
  { database, key, issuer }: HeadParts,
  tenantId: string,
): Promise<AuditHead> {
  const row = await findNewestHead(database.of(tenantId), tenantId)
  const head = row && { position: row.position, at: row.at.toISOString(), token: row.token }
  return { head: head ?? null, issuer, keys: key.publicKeys.map((each) => ({ ...each })) }
}

async function checkToken(key: HeadKey, token: string): Promise<HeadClaims | undefined> {
  const keys = jose.createLocalJWKSet({ keys: [...key.publicKeys] })
  try {
    // `iss` is not checked: the key belongs to this installation, whose public URL may have changed.
    const { payload } = await jose.jwtVerify(token, keys, {
      typ: tokenType,
      algorithms: ['EdDSA'],
    })
    return claimsSchema.parse(payload)
  } catch (error) {
    if (error instanceof jose.errors.JOSEError || error instanceof z.ZodError) return undefined
    throw error
  }
}

/** The webhook message of a head. */
function messageOf({ tenantId, position, token }: SignedHead) {
  // The tenant's id was parsed when it first came in.
  const data = { tenantId, position, token } as WebhookAuditHead
  return { tenantId, type: 'audit.head' satisfies WebhookEventType, data }
}

/**
 * The three parts by name (RFC 7515, section 7.2.2). In one piece it looks like an access token, and such
 * texts are removed from logs.
 */
function flattened(token: string): { protected: string; payload: string; signature: string } {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return { protected: header, payload, signature }
}
