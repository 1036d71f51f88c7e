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

/** How long a chain grows before its end is signed: what is younger could be cut off unnoticed. */
const signAfterMs = 60_000
/** Signatures of one transaction. */
const batchHeads = 200
/** Tells the token from every other that this installation signs. */
const tokenType = 'keywell-audit-head+jwt'

/** What a signed head says: at this time the chain of this tenant ended so. */
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

/** A key pair of the installation, as `changes/` has one for its own events. */
export interface HeadKey {
  sign(claims: jose.JWTPayload, type: string): Promise<string>
  readonly publicKeys: readonly (jose.JWK & { kty: string })[]
}

export interface Heads {
  /** Signs the ends of chains that are due; answers how many. */
  sign(): Promise<number>
  /** What a token says; undefined: this installation never signed it. */
  check(token: string): Promise<HeadClaims | undefined>
  /** The newest of a tenant, with what checks it. */
  newest(tenantId: string): Promise<AuditHead>
}

/**
 * Signs the ends of chains and tells them to the log, and to the endpoints that asked for them, so that they are known outside of the database:
 * whoever can write there can remove a chain's end and its heads, and not what was told before.
 */
export function createHeads(parts: {
  database: Database
  key: HeadKey
  /** The service's public URL. */
  issuer: string
  logger: Logger
}): Heads {
  const { database, key, issuer, logger } = parts

  async function signBatch(): Promise<number> {
    const signed = await database.transaction(everyTenant, async (sql) => {
      // Under the lock of the chains: a link that came meanwhile would not be noted as due again.
      if (!(await tryLockChains(sql))) return []
      const due = await takeDueHeads(sql, { unsignedForMs: signAfterMs, limit: batchHeads })
      if (due.length === 0) return []
      const heads = await Promise.all(due.map(signOne))
      await insertHeads(sql, heads)
      await insertDeliveriesOfAll(sql, heads.map(messageOf))
      return heads
    })
    for (const { tenantId, position, token } of signed) {
      logger.info({ tenantId, position, head: flattened(token) }, 'audit head')
    }
    return signed.length
  }

  async function signOne(head: HeadRow): Promise<SignedHead> {
    const link = Buffer.from(head.link).toString('base64url')
    const at = head.at.getTime()
    const claims = { iss: issuer, tenantId: head.tenantId, position: head.position, link, at }
    return { ...head, token: await key.sign(claims, tokenType) }
  }

  return {
    async sign() {
      let signed = 0
      let batch: number
      do {
        batch = await signBatch()
        signed += batch
      } while (batch === batchHeads)
      return signed
    },

    async newest(tenantId) {
      const row = await findNewestHead(database.of(tenantId), tenantId)
      const head = row && { position: row.position, at: row.at.toISOString(), token: row.token }
      return { head: head ?? null, issuer, keys: key.publicKeys.map((each) => ({ ...each })) }
    },

    async check(token) {
      const keys = jose.createLocalJWKSet({ keys: [...key.publicKeys] })
      try {
        // Whoever the issuer says it is: the key is this installation's, whose address may have changed.
        const { payload } = await jose.jwtVerify(token, keys, {
          typ: tokenType,
          algorithms: ['EdDSA'],
        })
        return claimsSchema.parse(payload)
      } catch (error) {
        if (error instanceof jose.errors.JOSEError || error instanceof z.ZodError) return undefined
        throw error
      }
    },
  }
}

/** What endpoints hear that have asked for it. */
function messageOf({ tenantId, position, token }: SignedHead) {
  // The tenant's id was parsed when it first came in.
  const data = { tenantId, position, token } as WebhookAuditHead
  return { tenantId, type: 'audit.head' satisfies WebhookEventType, data }
}

/**
 * The three parts by name (RFC 7515, section 7.2.2): in one piece it looks like a token that lets
 * somebody in, and such texts are taken out of logs.
 */
function flattened(token: string): Record<string, string> {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return { protected: header, payload, signature }
}
