import { createHmac, randomBytes } from 'node:crypto'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell } from './index.ts'
import { newId } from './testing/ids.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywell-sdk-'))
  vi.stubEnv('KEYWELL_URL', 'http://127.0.0.1:1')
  vi.stubEnv('KEYWELL_API_KEY', undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  rmSync(folder, { recursive: true })
})

function fileWith(content: string, mode = 0o600): string {
  const path = join(folder, 'secret')
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

/** The API key that a Keywell of this environment sends. */
async function sentKey(): Promise<string | null> {
  let sent: string | null = null
  const keywell = new Keywell({
    fetch: async (_, init) => {
      sent ??= new Headers(init?.headers).get('authorization')
      return new Response(null, { status: 404 })
    },
  })
  await keywell.connections.list({ tenantId: 'org_1' }).catch(() => {})
  keywell.close()
  return sent
}

verifies.suite('T17:sdk-secret-files', () => {
  test('the API key is read from its file', async () => {
    vi.stubEnv('KEYWELL_API_KEY_FILE', fileWith('kw_from_file\n'))
    expect(await sentKey()).toBe('Bearer kw_from_file')
  })

  test('a webhook secret is read from its file', async () => {
    const key = randomBytes(32)
    vi.stubEnv('KEYWELL_API_KEY', 'kw_key')
    vi.stubEnv('KEYWELL_WEBHOOK_SECRET_FILE', fileWith(`whsec_${key.toString('base64')}\n`))
    const keywell = new Keywell()
    const [id, body] = [newId('message'), '{}']
    const sentAt = String(Math.floor(Date.now() / 1000))
    const hmac = createHmac('sha256', key).update(`${id}.${sentAt}.${body}`).digest('base64')
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': sentAt,
      'webhook-signature': `v1,${hmac}`,
    }
    // The signature is right, so what is refused is an event without content.
    const forged = { ...headers, 'webhook-signature': `v1,${'A'.repeat(43)}=` }
    const refusalOf = (sent: typeof headers) =>
      keywell.webhooks.verify({ body, headers: sent }).then(String, String)
    expect(await refusalOf(headers)).not.toMatch(/signature|missing/)
    expect(await refusalOf(forged)).toMatch(/signature/)
    keywell.close()
  })

  test.each([
    ['open to every user', 0o604, /is open to every user of this machine. Run: chmod 600/],
    ['absent', undefined, /cannot be read: ENOENT/],
  ])('a file that is %s is refused, and not shown', (_, mode, message) => {
    const path = mode === undefined ? join(folder, 'none') : fileWith('kw_hunter2', mode)
    vi.stubEnv('KEYWELL_API_KEY_FILE', path)
    expect(() => new Keywell()).toThrow(message)
    expect(() => new Keywell()).not.toThrow(/hunter2/)
  })

  test('a variable is refused beside its file', () => {
    vi.stubEnv('KEYWELL_API_KEY', 'kw_key')
    vi.stubEnv('KEYWELL_API_KEY_FILE', fileWith('kw_other'))
    expect(() => new Keywell()).toThrow('KEYWELL_API_KEY and KEYWELL_API_KEY_FILE are both set')
  })

  test('a key that is passed needs no file', () => {
    vi.stubEnv('KEYWELL_API_KEY_FILE', join(folder, 'none'))
    expect(() => new Keywell({ apiKey: 'kw_key' }).close()).not.toThrow()
  })

  test.runIf(process.geteuid?.() === 0)('a file of another user is refused', () => {
    const path = fileWith('kw_theirs')
    vi.stubEnv('KEYWELL_API_KEY_FILE', path)
    vi.spyOn(process, 'geteuid').mockReturnValue(65_533)
    chownSync(path, 65_534, 65_534)
    expect(() => new Keywell()).toThrow('belongs to another user (uid 65534)')
    vi.restoreAllMocks()
  })

  test('a runtime without files says so', () => {
    vi.stubEnv('KEYWELL_API_KEY_FILE', fileWith('kw_key'))
    vi.stubGlobal('process', { env: process.env })
    expect(() => new Keywell()).toThrow('this runtime has no files')
  })
})
