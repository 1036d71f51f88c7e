import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readLogo } from './logo.ts'

const folder = mkdtempSync(join(tmpdir(), 'keywell-logo-'))

function write(bytes: string | Buffer): string {
  const path = join(folder, 'logo')
  writeFileSync(path, bytes)
  return path
}

test.each([
  ['image/png', Buffer.from('89504e470d0a1a0a0000', 'hex')],
  ['image/jpeg', Buffer.from('ffd8ffe000104a46', 'hex')],
  ['image/webp', Buffer.from('RIFF\u0001\u0002\u0003\u0004WEBPVP8 ', 'latin1')],
  [
    'image/svg+xml',
    Buffer.from('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'),
  ],
  ['image/svg+xml', Buffer.from('\ufeff<!-- Acme --><svg viewBox="0 0 1 1"></svg>')],
])('a file is told to be %s by what is in it', (type, bytes) => {
  expect(readLogo(write(bytes))).toEqual({ type, bytes })
})

test.each([
  ['neither PNG', Buffer.from('<html><svg></svg></html>')],
  ['neither PNG', Buffer.from('GIF89a')],
  ['neither PNG', Buffer.alloc(0)],
  ['more than 262144 bytes', Buffer.alloc(262_145)],
])('one that will not do is refused: %s', (why, bytes) => {
  expect(() => readLogo(write(bytes))).toThrow(why)
})

test('one that is not there is refused', () => {
  expect(() => readLogo(join(folder, 'none'))).toThrow('KEYWELL_APP_LOGO')
})
