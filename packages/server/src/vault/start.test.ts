import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createKeyFile, keyDescriptor, keyFile, keyVariable } from './key-source.ts'
import { localKeys } from './local-keys.ts'
import {
  body,
  context,
  keysFrom,
  keyTable,
  otherRootKey,
  outcome,
  rootKey,
  startRefusal,
} from './parts.test.support.ts'
import { createVault, installation } from './vault.ts'

const folder = mkdtempSync(join(tmpdir(), 'keywell-vault-'))
afterAll(() => rmSync(folder, { recursive: true }))

const line = (key: Uint8Array) => Buffer.from(key).toString('base64url')
const rootKeyId = 'kek_ef4b0ecb4dfbe9b7'
const otherRootKeyId = localKeys(keysFrom([otherRootKey])).primary

function keyFileWith(name: string, content: string, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

function readKeyFile(path: string) {
  const warnings: string[] = []
  const keys = localKeys(keyFile({ path, warn: (message) => warnings.push(message) }))
  return { keys, warnings }
}

describe('a start', () => {
  it('makes the installation’s key in an empty database, and finds it the next time', async () => {
    const table = keyTable()
    const start = () => createVault({ keys: localKeys(keysFrom([rootKey])), store: table }).start()
    await start()
    await start()
    expect(table.rows).toMatchObject([{ tenantId: installation, version: 1, kekId: rootKeyId }])
  })

  it('goes on with a further root key beside the one that is needed', async () => {
    const table = keyTable()
    await createVault({ keys: localKeys(keysFrom([rootKey])), store: table }).start()
    const vault = createVault({ keys: localKeys(keysFrom([otherRootKey, rootKey])), store: table })
    await vault.start()
    await vault.seal(context, body)
    expect(table.rows.map((row) => row.kekId)).toEqual([rootKeyId, otherRootKeyId])
  })

  it('is refused when a root key is missing, with its id and how to supply it', async () => {
    const table = keyTable()
    await createVault({ keys: localKeys(keysFrom([rootKey])), store: table }).start()
    const vault = createVault({ keys: localKeys(keysFrom([otherRootKey])), store: table })
    expect(await startRefusal(() => vault.start())).toBe(
      `The root key ${rootKeyId} wrapped keys of this database and is not among those given (${otherRootKeyId}): add it to the list of the test.`,
    )
  })

  it('is refused when the key table is empty beside sealed records', async () => {
    const table = keyTable()
    table.sealed = true
    const vault = createVault({ keys: localKeys(keysFrom([rootKey])), store: table })
    expect(await startRefusal(() => vault.start())).toMatch(/^The key table is empty beside sealed/)
    expect(table.rows).toEqual([])
  })

  it('is refused when the installation’s key is gone, and makes no new one', async () => {
    const table = keyTable()
    const vault = createVault({ keys: localKeys(keysFrom([rootKey])), store: table })
    await vault.seal(context, body)
    expect(await startRefusal(() => vault.start())).toContain('no active key of @install')
    expect(table.rows).toHaveLength(1)
  })

  it('is refused when the installation’s key was changed', async () => {
    const table = keyTable()
    await createVault({ keys: localKeys(keysFrom([rootKey])), store: table }).start()
    const wrapped = table.rows[0]?.wrapped
    if (wrapped) wrapped[131] = (wrapped[131] ?? 0) ^ 1
    const vault = createVault({ keys: localKeys(keysFrom([rootKey])), store: table })
    expect(await startRefusal(() => vault.start())).toContain('cannot be unwrapped (tampered)')
  })
})

describe('a key file', () => {
  it('gives its keys: the first wraps, all unwrap', async () => {
    const path = keyFileWith('two', `${line(rootKey)}\n\n${line(otherRootKey)}=\r\n`)
    const { keys, warnings } = readKeyFile(path)
    expect(keys.primary).toBe(rootKeyId)
    expect(keys.ids).toEqual([rootKeyId, otherRootKeyId])
    expect(warnings).toEqual([])
  })

  it('may be read again', async () => {
    const path = keyFileWith('grows', line(rootKey))
    const { keys } = readKeyFile(path)
    writeFileSync(path, `${line(otherRootKey)}\n${line(rootKey)}\n`)
    await keys.reload?.()
    expect(keys.ids).toEqual([otherRootKeyId, rootKeyId])
  })

  it('keeps the keys it had when reading again fails', async () => {
    const path = keyFileWith('breaks', line(rootKey))
    const { keys } = readKeyFile(path)
    writeFileSync(path, 'nonsense')
    await expect(keys.reload?.()).rejects.toThrow('is not a key')
    expect(keys.ids).toEqual([rootKeyId])
  })

  it.each([0o604, 0o602, 0o601, 0o644, 0o777])(
    'is refused with mode %o, with the chmod',
    async (mode) => {
      const path = keyFileWith('open', line(rootKey), mode)
      expect(await startRefusal(() => readKeyFile(path))).toBe(
        `The key file ${path} is open to every user of this machine. Run: chmod 600 ${path} (or set the volume's mode to 0400).`,
      )
    },
  )

  it.each([0o640, 0o660])('is taken with mode %o, with a warning', (mode) => {
    const path = keyFileWith('group', line(rootKey), mode)
    const { keys, warnings } = readKeyFile(path)
    expect(keys.primary).toBe(rootKeyId)
    expect(warnings).toEqual([expect.stringContaining(`chmod 600 ${path}`)])
  })

  it.each([
    ['nothing', '', 'There is no key in the key file'],
    ['blank lines', '\n \n', 'There is no key in the key file'],
    ['half a key', line(rootKey).slice(0, 21), 'line 1 of the key file'],
    ['a key without its last character', line(rootKey).slice(0, -1), 'line 1 of the key file'],
    ['a key too long', `${line(rootKey)}A`, 'line 1 of the key file'],
    ['a second line that is none', `${line(rootKey)}\nsecret-looking`, 'line 2 of the key file'],
    ['a key in hex', Buffer.from(rootKey).toString('hex'), 'line 1 of the key file'],
    ['a spelling that another key has too', `${'A'.repeat(42)}B`, 'line 1 of the key file'],
    ['far too much', 'A'.repeat(70_000), 'too large'],
  ])('that holds %s is refused', async (_, content, message) => {
    const path = keyFileWith('bad', content)
    const sentence = await startRefusal(() => readKeyFile(path))
    expect(sentence).toContain(message)
    // What it holds may be a key after all.
    if (content.length > 10) expect(sentence).not.toContain(content.slice(0, 10))
    expect(sentence).not.toContain('secret-looking')
  })

  it('that is absent, or a folder, is refused with its path', async () => {
    const absent = join(folder, 'absent')
    expect(await startRefusal(() => readKeyFile(absent))).toContain(`${absent} cannot be read`)
    const inside = join(folder, 'inside')
    mkdirSync(inside, { mode: 0o700 })
    expect(await startRefusal(() => readKeyFile(inside))).toContain(`${inside} cannot be read`)
  })

  it('can be made: one new key, mode 0600, never overwritten', async () => {
    const path = join(folder, 'made')
    createKeyFile(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const content = readFileSync(path, 'utf8')
    expect(content).toMatch(/^[A-Za-z0-9_-]{43}\n$/)
    const { keys, warnings } = readKeyFile(path)
    expect(keys.ids).toHaveLength(1)
    expect(warnings).toEqual([])

    expect(await startRefusal(() => createKeyFile(path))).toContain(`${path} cannot be made`)
    expect(readFileSync(path, 'utf8')).toBe(content)
    createKeyFile(join(folder, 'another'))
    expect(readFileSync(join(folder, 'another'), 'utf8')).not.toBe(content)
  })

  it('is not made when the generator fails', () => {
    const path = join(folder, 'no-entropy')
    expect(() => createKeyFile(path, () => new Uint8Array(5))).toThrow('random')
    expect(existsSync(path)).toBe(false)
  })
})

describe('a descriptor', () => {
  it('is read once, and closed', () => {
    const fd = openSync(keyFileWith('fd', line(rootKey)), 'r')
    const keys = localKeys(keyDescriptor({ fd }))
    expect(keys.primary).toBe(rootKeyId)
    expect(keys.reload).toBeUndefined()
    expect(() => fstatSync(fd)).toThrow('EBADF')
  })

  it('may be a pipe', () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const writer = openSync(pipe, 'r+')
    writeFileSync(writer, `${line(rootKey)}\n`)
    const fd = openSync(pipe, 'r')
    closeSync(writer)
    expect(localKeys(keyDescriptor({ fd })).primary).toBe(rootKeyId)
  })

  it('that is not open, or holds no key, is refused', async () => {
    expect(await startRefusal(() => localKeys(keyDescriptor({ fd: 987 })))).toContain(
      'file descriptor 987',
    )
    const fd = openSync(keyFileWith('fd-empty', ''), 'r')
    expect(await startRefusal(() => localKeys(keyDescriptor({ fd })))).toContain(
      `There is no key in file descriptor ${fd}`,
    )
  })
})

describe('an environment variable', () => {
  it('works, with a warning', () => {
    const warnings: string[] = []
    const value = line(rootKey)
    const keys = localKeys(keyVariable({ value, warn: (message) => warnings.push(message) }))
    expect(keys.primary).toBe(rootKeyId)
    expect(warnings).toEqual([expect.stringContaining('Prefer KEYWELL_KEY_FILE')])
  })

  it('that is empty is refused', async () => {
    expect(
      await startRefusal(() => localKeys(keyVariable({ value: '', warn: () => {} }))),
    ).toContain('There is no key in KEYWELL_KEY')
  })
})

describe('root keys that were closed', () => {
  it('neither wrap nor unwrap, and are not read again', async () => {
    const { keys } = readKeyFile(keyFileWith('closed', line(rootKey)))
    const where = { tenantId: 'ten_a', version: 1 }
    const wrapped = await keys.wrap(otherRootKey, where)
    keys.close()
    await keys.reload?.()
    expect(keys.ids).toEqual([])
    expect(await outcome(keys.wrap(otherRootKey, where))).toBe('key_unavailable: closed')
    expect(await outcome(keys.unwrap(wrapped, where))).toBe('key_unavailable: root_key_unknown')
  })
})
