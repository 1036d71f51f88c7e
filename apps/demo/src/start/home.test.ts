import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { openHome } from './home.ts'

let folder: string
let said: string[]
const say = (text: string): void => void said.push(text)
const modeOf = (path: string): number => statSync(path).mode & 0o777

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywell-home-'))
  said = []
})
afterEach(() => rmSync(folder, { recursive: true }))

verifies.suite('T17:start-folder', () => {
  test('a new folder is for its user alone', () => {
    const data = join(folder, 'new')
    openHome({ data }, say)
    expect([modeOf(data), modeOf(join(data, 'logs')), said]).toEqual([0o700, 0o700, []])
  })

  test('a folder that is open to others is closed, with a word', () => {
    const data = join(folder, 'wide')
    mkdirSync(data)
    chmodSync(data, 0o755)
    openHome({ data }, say)
    expect(modeOf(data)).toBe(0o700)
    expect(said).toEqual([`${data} was open to other users of this machine; it now has mode 0700`])
  })

  test('a link is refused', () => {
    const data = join(folder, 'link')
    symlinkSync(folder, data)
    expect(() => openHome({ data }, say)).toThrow(`${data} is a symbolic link`)
  })

  test.runIf(process.geteuid?.() === 0)('a folder of another user is refused', () => {
    const data = join(folder, 'theirs')
    mkdirSync(data)
    chownSync(data, 65_534, 65_534)
    expect(() => openHome({ data }, say)).toThrow(`${data} belongs to another user (uid 65534)`)
  })
})
