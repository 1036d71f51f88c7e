import { providers } from '@keywell/providers'
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

/** Of each provider, one token of each kind, as its documentation shows them. */
const tokens: Readonly<Record<string, readonly string[]>> = {
  gitlab: [`glpat-${'aB3'.repeat(7)}`, `gloas-${'0a1f'.repeat(16)}`],
  github: [
    ...['gho_', 'ghu_', 'ghp_', 'ghs_'].map((mark) => mark + 'aB3'.repeat(12)),
    `ghr_${'aB3d'.repeat(19)}`,
    `github_pat_${'aB3'.repeat(7)}_${'cD4'.repeat(19)}`,
  ],
  bitbucket: ['ATATT3', 'ATCTT3'].map((mark) => `${mark}xFfGF0${'aB-_'.repeat(40)}=1A2B3C4D`),
  'azure-devops': [`${'aB3d'.repeat(19)}AZDO${'cD4e'}`],
  buildkite: ['bkua_', 'bktx_'].map((mark) => mark + '0a1f'.repeat(10)),
}

verifies('scrub:patterns', () => {
  const lines: string[] = []
  const logger = openLogger('debug', { write: (line) => lines.push(line) })
  for (const { name, tokenMarks = [] } of providers) {
    const samples = tokens[name] ?? []
    for (const mark of tokenMarks) {
      expect(
        samples.filter((token) => token.includes(mark)),
        mark,
      ).toHaveLength(1)
    }
    for (const token of samples) {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) {
        // Any text, as a library's error may bring one: the types of the log know fixed messages alone.
        const log = logger[level] as (fields: object, message: string) => void
        const error = new Error(`sent ${token}.`, { cause: new Error(`"${token}"`) })
        log(
          { reason: `it was ${token}`, inner: [{ url: `https://a.example/${token}` }], error },
          token,
        )
        expect(lines.pop(), `${token} at ${level}`).not.toContain(token)
      }
    }
  }
  expect(providers.filter(({ tokenMarks }) => tokenMarks === undefined)).toMatchObject([
    { name: 'algolia' },
  ])
})
