import { gitlab } from '@keywell/providers'
import { expect } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import type { Database } from '../store/database.ts'
import { localKeys } from '../vault/local-keys.ts'
import { keysFrom } from '../vault/parts.test.support.ts'
import { createPlatform } from './platform.ts'

function unused(): never {
  throw new Error('the database is not used')
}
const database: Database = {
  kind: 'pglite',
  of: unused,
  transaction: unused,
  listen: unused,
  close: unused,
}

verifies('scrub:patterns', () => {
  const lines: string[] = []
  const write = (...line: unknown[]) => void lines.push(JSON.stringify(line))
  const { logger, catalogue } = createPlatform({
    database,
    keys: localKeys(keysFrom([new Uint8Array(32).fill(7)])),
    publicUrl: 'https://keywell.example',
    providers: [{ ...gitlab, name: 'acme', tokenMarks: ['acme.tok'] }],
    logger: { debug: write, info: write, warn: write, error: write },
  })
  const notes = { ...gitlab, name: 'notes', tokenMarks: ['nt~~'] }
  const tokens = [`acme.tok${'aB3'.repeat(6)}`, `${'aB3'.repeat(6)}nt~~`]
  const log = () => {
    lines.length = 0
    for (const token of tokens)
      logger.error({ requestId: 'req_1', reason: token }, 'request failed')
    return lines.map((line, at) => line.includes(tokens[at] ?? ''))
  }
  expect(log(), 'those of the options, and none that is not known').toEqual([false, true])
  // A file that is read later counts from then on.
  catalogue.replace('file', [notes])
  expect(log()).toEqual([false, false])
})
