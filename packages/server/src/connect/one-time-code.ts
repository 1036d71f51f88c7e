import { createHash } from 'node:crypto'
import type { Sql } from '../store/database.ts'
import { type CodePurpose, insertCode, spendCode } from '../store/one-time-codes.ts'

/** 256 bits for every secret that a browser carries. */
const secretBytes = 32

export type RandomBytes = (bytes: number) => Uint8Array

/** 32 random bytes as base64url text. */
export function makeSecretText(random: RandomBytes): string {
  return Buffer.from(random(secretBytes)).toString('base64url')
}

/** What the database keeps of it. Plain SHA-256 is enough: 256 random bits cannot be guessed. */
export function hashSecretText(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}

/** Makes a code that opens one flow once. */
export async function issueCode(
  sql: Sql,
  random: RandomBytes,
  code: { purpose: CodePurpose; ownerId: string; flowId: string; lifeMs: number },
): Promise<string> {
  const text = makeSecretText(random)
  await insertCode(sql, { ...code, hash: hashSecretText(text) })
  return text
}

/** The flow that a code opens; undefined when it is unknown, used, or has run out. */
export async function redeemCode(
  sql: Sql,
  purpose: CodePurpose,
  text: string,
): Promise<{ ownerId: string; flowId: string } | undefined> {
  return spendCode(sql, purpose, hashSecretText(text))
}
