import * as jose from 'jose'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { silentLogger } from '../logger.ts'
import type { Parameter } from '../store/database.ts'
import { schemaOwner } from '../store/scope.ts'
import { type Audit, type AuditEntry, createAudit } from './audit.ts'
import { type Chainer, createChainer } from './chainer.ts'
import { createHeads, type HeadKey, type Heads } from './heads.ts'
import { FixedAuditKeys } from './keys.test.support.ts'
import { createAuditVerifier, type VerifyOptions } from './verify.ts'
import type { AuditReport } from './verify-chain.ts'

/** The audit log of one tenant, with its chain, for tests. */
export interface ChainStage {
  tenantId: string
  keys: FixedAuditKeys
  audit: Audit
  chainer: Chainer
  heads: Heads
  /** Signed heads that were logged. */
  loggedHeads: string[]
  entry(more?: Partial<AuditEntry>): AuditEntry
  /** Writes and links so many entries. Answers their ids. */
  write(count: number): Promise<string[]>
  /** Signs the end of the chain, as if a minute had passed. */
  sign(): Promise<void>
  /** Verifies this tenant's chain. */
  verify(options?: VerifyOptions): Promise<AuditReport>
  /** One statement of the owner of the tables, with the triggers disabled. */
  tamper(statement: string, parameters?: readonly Parameter[]): Promise<void>
}

export async function createChainStage(parts: {
  database: TestDatabase
  tenantId: string
  makeId: () => string
}): Promise<ChainStage> {
  const { database, tenantId, makeId } = parts
  const keys = new FixedAuditKeys()
  const loggedHeads: string[] = []
  const ids: string[] = []
  const audit = createAudit({
    database,
    keys,
    makeId() {
      const id = makeId()
      ids.push(id)
      return id
    },
  })
  const chainer = createChainer({ database, keys })
  const heads = createHeads({
    database,
    key: await makeHeadKey(),
    issuer: 'https://keywell.example',
    logger: {
      ...silentLogger,
      info: (fields) => {
        if ('head' in fields) loggedHeads.push(Object.values(fields.head ?? {}).join('.'))
      },
    },
  })
  const verify = createAuditVerifier({ database, keys, heads })
  const entry: ChainStage['entry'] = (more) => ({
    tenantId,
    actor: 'key:key_1',
    action: 'credential.read',
    userId: 'user_1',
    connectionId: 'con_1',
    generation: 1,
    result: 'ok',
    requestId: 'req_1',
    ...more,
  })
  return {
    tenantId,
    keys,
    audit,
    chainer,
    heads,
    loggedHeads,
    entry,
    async write(count) {
      const before = ids.length
      for (let written = 0; written < count; written += 1) await audit.commit(entry())
      await chainer.link()
      return ids.slice(before)
    },
    async sign() {
      await database.query("update audit_heads_due set since = now() - interval '2 minutes'")
      await heads.sign()
    },
    verify: (options) => verify({ tenantId, ...options }),
    async tamper(statement, parameters) {
      await database.owner.transaction(schemaOwner, async (sql) => {
        await sql.query('set local session_replication_role = replica')
        await sql.query(statement, parameters)
      })
    },
  }
}

/** A key pair as the installation has one. */
export async function makeHeadKey(): Promise<HeadKey> {
  const { privateKey, publicKey } = await jose.generateKeyPair('EdDSA')
  const jwk = await jose.exportJWK(publicKey)
  const kid = await jose.calculateJwkThumbprint(jwk)
  return {
    publicKeys: [{ ...jwk, kty: 'OKP', kid }],
    sign: (claims, typ) =>
      new jose.SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid, typ }).sign(privateKey),
  }
}
