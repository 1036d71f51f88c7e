import { expect } from 'vitest'
import type { TestDatabase } from './inspected.ts'
import type { Stage } from './stage.ts'

/** Fails for each secret that stands in one of the places, in clear or in a usual encoding. */
export function expectNowhere(
  secrets: Readonly<Record<string, string>>,
  places: Readonly<Record<string, string>>,
): void {
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret.length, name).toBeGreaterThan(20)
    for (const [encoding, form] of Object.entries(encodings(secret))) {
      for (const [place, text] of Object.entries(places)) {
        expect(text.includes(form), `${name} in ${place}, as ${encoding}`).toBe(false)
      }
    }
  }
}

/** Of a stage that has made many. */
const mostPairs = 30

/**
 * Looks for what a stage knows to be secret in all that it has left behind: its log at every level, the
 * bodies of errors, its metrics, and every row of its database, audit log included. Each stage of the suite
 * is looked at when it ends.
 */
export async function sweepStage(
  stage: Pick<Stage, 'apiKey' | 'database' | 'keywell' | 'logs' | 'sandbox'>,
  { problems, clientSecret }: { problems: readonly string[]; clientSecret: string },
): Promise<void> {
  const secrets: Record<string, string> = { 'API key': stage.apiKey, 'client secret': clientSecret }
  const pairs = await stage.sandbox.control.tokens()
  for (const [at, { accessToken, refreshToken }] of pairs.slice(-mostPairs).entries()) {
    secrets[`access token ${at}`] = accessToken
    if (refreshToken !== null) secrets[`refresh token ${at}`] = refreshToken
  }
  expectNowhere(secrets, {
    logs: stage.logs.join('\n'),
    errors: problems.join('\n'),
    // A test may have closed its database, or broken it.
    metrics: await stage.keywell.metrics().then(
      ({ text }) => text,
      () => '',
    ),
    database: await dump(stage.database).catch(() => ''),
  })
}

export function encodings(secret: string) {
  const bytes = Buffer.from(secret)
  return {
    text: secret,
    hex: bytes.toString('hex'),
    base64: bytes.toString('base64').replace(/=+$/, ''),
    base64url: bytes.toString('base64url'),
    url: encodeURIComponent(secret),
    reversed: [...secret].reverse().join(''),
  }
}

/** Every row of every table, as text; bytes in hexadecimal. */
export async function dump(database: TestDatabase): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE'`,
  )
  const texts: string[] = []
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`select t::text as row from "${name}" t`)
    texts.push(`${name}: ${rows.map(({ row }) => row).join('\n')}`)
  }
  return texts.join('\n')
}
