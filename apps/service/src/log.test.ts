import { expect } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { openLogger } from './log.ts'

verifies('operate:log-lines', () => {
  const lines: string[] = []
  const logger = openLogger('info', { write: (line) => lines.push(line) })
  const hostile = '\u001b[2J \u009b2J a\u202eb one\rtwo\nthree \u2028'
  logger.warn({ reason: hostile }, 'start warning')
  const [line = ''] = lines
  expect(lines).toHaveLength(1)
  expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u202e\u2028]/u)
  expect(line.at(-1)).toBe('\n')
  expect(JSON.parse(line)).toMatchObject({ reason: hostile })
})
