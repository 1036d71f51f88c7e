import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createKeyFile,
  createKeywell,
  type KeywellService,
  keyFile,
  localKeys,
  openPostgres,
} from '@keywell/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CreatedDatabase, createDatabase } from '../../../test/support/databases.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { runWith } from './command.test.support.ts'

let created: CreatedDatabase
let keywell: KeywellService

beforeAll(async () => {
  created = await createDatabase()
  const path = join(mkdtempSync(join(tmpdir(), 'keywell-command-')), 'root-key')
  createKeyFile(path)
  keywell = createKeywell({
    database: await openPostgres({ url: created.appUrl, poolSize: 3 }),
    keys: localKeys(keyFile({ path, warn: () => {} })),
    publicUrl: 'http://127.0.0.1:7400',
    role: 'serve',
  })
  await keywell.start()
})
afterAll(async () => {
  await keywell.stop()
  await created.drop()
})

const run = (...words: string[]) => runWith(keywell, words)

/** What the key in an output opens. */
async function statusOf(output: string, path: string): Promise<number> {
  const [key = ''] = /kw_\w+/.exec(output) ?? []
  const headers = { authorization: `Bearer ${key}` }
  const answer = await keywell.fetch(new Request(`http://127.0.0.1:7400${path}`, { headers }))
  return answer.status
}

verifies('service:keys-grants', async () => {
  const backend = await run('api-keys', 'create', 'shop')
  expect(await statusOf(backend.output, '/v1/connections?tenantId=a')).toBe(200)
  expect(await statusOf(backend.output, '/v1/api-keys')).toBe(403)
  const words = '--role read_only --role audit --tenant ten_a --tenant ten_b --provider gitlab'
  const made = await run('api-keys', 'create', 'office', ...words.split(' '), '--expires-in', '90d')
  expect(made.code).toBe(0)
  expect(await statusOf(made.output, '/v1/connections?tenantId=a')).toBe(200)
  const { output } = await run('api-keys', 'list')
  const [id = ''] = /key_\w+(?= {2}live {5}office)/.exec(output) ?? []
  expect(output).toMatch(
    /office {2}read_only,audit {2}tenants ten_a,ten_b, providers gitlab, until 20\S+Z, last used/,
  )
  const next = await run('api-keys', 'rotate', id, '--overlap', '0m')
  expect(next.code).toBe(0)
  expect(await statusOf(made.output, '/v1/connections?tenantId=a')).toBe(401)
  expect(await statusOf(next.output, '/v1/connections?tenantId=a')).toBe(200)
  expect((await run('api-keys', 'list')).output).toMatch(new RegExp(`${id} {2}expired`))
  await expect(run('api-keys', 'rotate', id)).rejects.toThrow(/no live API key/)
})

test.each([
  [['api-keys'], /Commands:/],
  [['api-keys', 'create'], /missing required argument 'name'/],
  [['api-keys', 'explode', 'x'], /unknown command 'explode'/],
  [['api-keys', 'creat', 'x'], /Did you mean create\?/],
  [['api-keys', 'list', 'x'], /too many arguments/],
  [['api-keys', 'create', 'x', 'y'], /too many arguments/],
  [['api-keys', 'create', 'x', '--role', 'root'], /no role "root"; there are admin, backend/],
  [['api-keys', 'create', 'x', '--rolle', 'admin'], /--rolle.*\n.*Did you mean --role\?/],
  [['api-keys', 'create', 'x', '--expires-in', 'soon'], /"soon" is no time/],
  [['api-keys', 'rotate', 'key_1', '--overlap', 'soon'], /"soon" is no time/],
  [['serve'], /unknown command 'serve'/],
])('%j is refused, with the usage', async (words, sentence) => {
  const before = (await keywell.apiKeys.list()).length
  const { code, output, errors } = await run(...words)
  expect({ code, output }).toEqual({ code: 2, output: '' })
  expect(errors).toMatch(sentence)
  expect(errors).toMatch(/Usage: keywell-service/)
  expect(await keywell.apiKeys.list()).toHaveLength(before)
})
