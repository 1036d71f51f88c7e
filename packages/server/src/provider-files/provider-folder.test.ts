import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gitlab } from '@keywell/providers'
import { expect, test } from 'vitest'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { define } from '../../../../test/support/other-provider.ts'
import { until } from '../../../../test/support/until.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { createCatalogue } from '../catalogue.ts'
import type { Logger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import { installation } from '../store/scope.ts'
import { ProviderFolder } from './provider-folder.ts'

const acme = define('https://signin.acme.example', 'https://api.acme.example')

async function follow(files: Record<string, unknown> = {}, inUse: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'keywell-folder-'))
  const write = (name: string, value: unknown) =>
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value))
  for (const [name, value] of Object.entries(files)) write(name, value)
  const catalogue = createCatalogue([gitlab])
  const lines: Record<string, unknown>[] = []
  const log = (fields: object, msg: string) => void lines.push({ ...fields, msg })
  const database = { of: () => ({ query: async () => inUse.map((provider) => ({ provider })) }) }
  const timers = new ManualTimers()
  const watched = new ProviderFolder({
    folder,
    catalogue,
    database: database as unknown as Database,
    logger: { debug: log, info: log, warn: log, error: log } as Logger,
    after: timers.after,
  })
  await watched.load()
  await watched.watch()
  return {
    catalogue,
    inUse,
    lines,
    write,
    remove: (name: string) => rmSync(join(folder, name)),
    rename: (from: string, to: string) => renameSync(join(folder, from), join(folder, to)),
    move: () => renameSync(folder, `${folder}-away`),
    titleOf: (name: string) => catalogue.find(installation, name)?.title,
    messages: () =>
      lines.splice(0).map(({ msg, file, reason }) => [msg, file, reason].filter(Boolean).join(' ')),
    async look() {
      timers.advance(500)
      await until('the look has ended', () => timers.pending > 0)
    },
  }
}

verifies.suite('custom:followed', () => {
  test('a file is taken once it stands still, and a changed one again', async () => {
    const folder = await follow()
    folder.write('acme.json', JSON.stringify(acme).slice(0, 100))
    await folder.look()
    folder.write('acme.json', acme)
    await folder.look()
    expect(folder.titleOf('acme-notes')).toBeUndefined()
    await folder.look()
    expect(folder.titleOf('acme-notes')).toBe('Acme Notes')
    folder.write('acme.json', { ...acme, title: 'Acme Writing' })
    await folder.look()
    await folder.look()
    expect(folder.titleOf('acme-notes')).toBe('Acme Writing')
    expect(folder.messages()).toEqual([
      'provider definition loaded acme.json',
      'provider definition loaded acme.json',
    ])
  })

  test('a broken file leaves its last good version, and is logged once', async () => {
    const folder = await follow({ 'acme.json': acme })
    folder.write('acme.json', { ...acme, title: '' })
    for (let looks = 0; looks < 4; looks += 1) await folder.look()
    expect(folder.titleOf('acme-notes')).toBe('Acme Notes')
    expect(folder.lines).toEqual([
      {
        alarm: 'provider_file_refused',
        file: 'acme.json',
        pointer: '/title',
        reason: expect.any(String),
        msg: 'provider file refused',
      },
    ])
    folder.write('acme.json', { ...acme, title: 'Mended' })
    await folder.look()
    await folder.look()
    expect(folder.titleOf('acme-notes')).toBe('Mended')
  })

  test('a removed file takes its definition along, unless something needs it', async () => {
    const folder = await follow({ 'acme.json': acme, 'other.json': { ...acme, name: 'other' } })
    folder.inUse.push('acme-notes')
    folder.remove('acme.json')
    folder.remove('other.json')
    await folder.look()
    expect(folder.titleOf('other')).toBe('Acme Notes')
    await folder.look()
    expect(folder.titleOf('other')).toBeUndefined()
    expect(folder.titleOf('acme-notes')).toBe('Acme Notes')
    expect(folder.messages()).toEqual([
      'provider definition kept acme.json',
      'provider definition removed other.json',
    ])
    folder.inUse.pop()
    for (let looks = 0; looks < 60; looks += 1) await folder.look()
    expect(folder.titleOf('acme-notes')).toBeUndefined()
  })

  test('a file that is renamed is the same definition, without a gap', async () => {
    const folder = await follow({ 'acme.json': acme })
    folder.rename('acme.json', 'notes.json')
    for (let looks = 0; looks < 3; looks += 1) {
      await folder.look()
      expect(folder.titleOf('acme-notes')).toBe('Acme Notes')
    }
    expect(folder.messages()).toEqual([])
  })

  test('of two files of one name the one stays that was there, until it goes', async () => {
    const folder = await follow({ 'b.json': acme })
    folder.write('a.json', { ...acme, title: 'Another' })
    await folder.look()
    await folder.look()
    expect(folder.titleOf('acme-notes')).toBe('Acme Notes')
    expect(folder.messages()).toEqual(['provider file refused a.json is the name in b.json too'])
    folder.remove('b.json')
    await folder.look()
    await folder.look()
    expect(folder.titleOf('acme-notes')).toBe('Another')
  })

  test('a definition stands in for a bundled one for as long as its file is there', async () => {
    const folder = await follow({ 'gitlab.json': { ...gitlab, title: 'Our GitLab' } })
    expect(folder.catalogue.all.map(({ title }) => title)).toEqual(['Our GitLab'])
    folder.inUse.push('gitlab')
    folder.remove('gitlab.json')
    await folder.look()
    await folder.look()
    expect(folder.catalogue.all).toEqual([gitlab])
  })

  test('a folder that is gone changes nothing, and is named once', async () => {
    const folder = await follow({ 'acme.json': acme })
    folder.move()
    for (let looks = 0; looks < 3; looks += 1) await folder.look()
    expect(folder.titleOf('acme-notes')).toBe('Acme Notes')
    expect(folder.messages()).toEqual([
      expect.stringMatching(/^provider folder unreadable Error: ENOENT/),
    ])
  })

  test('what is too large, hidden, or no file is not taken', async () => {
    const folder = await follow({ '.hidden.json': '{', 'notes.txt': '{' })
    folder.write('large.json', ' '.repeat(70_000))
    await folder.look()
    await folder.look()
    expect(folder.messages()).toEqual(['provider file refused large.json is larger than 64 KiB'])
  })

  test('a provider that nothing defines is named at the start', async () => {
    const { lines } = await follow({ 'acme.json': acme }, ['acme-notes', 'gitlab', 'lost'])
    expect(lines).toEqual([
      { alarm: 'provider_undefined', provider: 'lost', msg: 'provider not defined' },
    ])
  })
})

test('a start names each file that is not right, and what it lacks', async () => {
  await expect(follow({ 'a.json': acme, 'b.json': acme, 'c.json': '{' })).rejects.toThrow(
    /right\. c\.json: is not JSON; b\.json: \/name: is the name in a\.json too$/,
  )
})
