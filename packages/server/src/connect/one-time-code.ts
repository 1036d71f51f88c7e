import { createHash } from 'node:crypto'
import type { Audit } from '../audit/audit.ts'
import type { Logger } from '../logger.ts'
import { readClock } from '../store/census.ts'
import type { Database, Sql } from '../store/database.ts'
import { type FlowRow, findFlow } from '../store/flows.ts'
import {
  type CodePurpose,
  findCode,
  insertCode,
  type SpentCode,
  spendCode,
} from '../store/one-time-codes.ts'
import { installation } from '../store/scope.ts'
import type { RandomBytes } from '../vault/bytes.ts'
import { type ConnectPeppers, isUnaltered, type OpenedFlow } from './connect-macs.ts'

/** 256 bits for every secret that a browser carries. */
const secretBytes = 32

/** 32 random bytes as base64url text. */
export function makeSecretText(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(secretBytes)).toString('base64url')
}

/**
 * The hash that the database stores. Plain SHA-256 protects against readers of the database: 256 random bits
 * cannot be guessed. Against writers, a code has a MAC beside it, and a cookie is bound by its flow.
 */
export function hashSecretText(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}

/** Start codes, states and finish tickets. Each is valid once, for one flow and one purpose. */
export interface OneTimeCodes {
  /** Inside the caller's transaction, if there is one. */
  issue(sql: Sql, flow: OpenedFlow, code: { purpose: CodePurpose; lifeMs: number }): Promise<string>
  /**
   * Spends a code. Returns its flow; undefined when the code is unknown, used, expired or forged. A forged
   * code was written into the database by hand, and raises an alarm.
   *
   * @throws KeywellError `unavailable` while the audit log cannot be written; the code is not spent
   */
  redeem(purpose: CodePurpose, text: string): Promise<FlowRow | undefined>
  /** The same without spending it: also a used code finds its flow. */
  find(purpose: CodePurpose, text: string): Promise<{ flow: FlowRow; used: boolean } | undefined>
  /**
   * Inside the caller's transaction. Of any number of calls, also in parallel, one gets true.
   *
   * @throws KeywellError `unavailable` while the audit log cannot be written; the code is not spent
   */
  spend(sql: Sql, purpose: CodePurpose, text: string): Promise<boolean>
}

export function createOneTimeCodes(parts: {
  database: Database
  peppers: ConnectPeppers
  audit: Pick<Audit, 'requireWritable'>
  randomBytes: RandomBytes
  logger: Logger
}): OneTimeCodes {
  const { database, peppers, audit, randomBytes, logger } = parts

  async function flowOf(
    row: SpentCode,
    code: { purpose: CodePurpose; text: string },
  ): Promise<FlowRow | undefined> {
    const { ownerId: tenantId, flowId, expiresAt } = row
    const flow = await findFlow(database.of(tenantId), tenantId, flowId)
    const isGenuine =
      flow !== undefined &&
      (await isUnaltered(peppers, row, (macs) => macs.ofCode({ ...code, expiresAt }, flow)))
    if (isGenuine) return flow
    const { purpose } = code
    logger.error({ alarm: 'code_forged', purpose, tenantId, flowId }, 'one-time code forged')
    return undefined
  }

  return {
    async issue(sql, flow, { purpose, lifeMs }) {
      const text = makeSecretText(randomBytes)
      const { version: pepperVersion, macs } = peppers.present()
      const expiresAt = new Date((await readClock(sql)) + lifeMs)
      const mac = macs.ofCode({ purpose, text, expiresAt }, flow)
      const { tenantId: ownerId, id: flowId } = flow
      const hash = hashSecretText(text)
      await insertCode(sql, { hash, purpose, ownerId, flowId, expiresAt, mac, pepperVersion })
      return text
    },

    async redeem(purpose, text) {
      const row = await database.transaction(installation, async (sql) => {
        const spent = await spendCode(sql, purpose, hashSecretText(text))
        if (spent !== undefined) await audit.requireWritable(sql)
        return spent
      })
      return row && flowOf(row, { purpose, text })
    },

    async find(purpose, text) {
      const row = await findCode(database.of(installation), purpose, hashSecretText(text))
      const flow = row && (await flowOf(row, { purpose, text }))
      return flow && { flow, used: row.used }
    },

    async spend(sql, purpose, text) {
      const spent = await spendCode(sql, purpose, hashSecretText(text))
      if (spent !== undefined) await audit.requireWritable(sql)
      return spent !== undefined
    },
  }
}
