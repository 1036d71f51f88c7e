import { createApiKeySchema } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { printable } from './terminal.ts'

/** An escape sequence that clears the screen, one that begins with a single byte, and a turned line. */
const hostile = ['\u001b[2J', '\u009b2J', 'a\u202eb', 'one\rtwo', '\u0000', '\u2028']

verifies.suite('operate:terminal', () => {
  test.each(hostile)('a command prints %j and the terminal does not obey it', (text) => {
    const printed: string[] = []
    const out = printable({ write: (line) => printed.push(line) })
    out.write(`key_1\t${text}\n`)
    const [line = ''] = printed
    expect(line).toMatch(/^key_1\t.*\n$/)
    expect(line.slice(6, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(line).toContain('\\u')
  })

  test.each(hostile)('no API key is named %j', (text) => {
    const parsed = createApiKeySchema.safeParse({ name: `shop ${text} key`, roles: ['backend'] })
    expect(parsed.error?.issues[0]?.message).toBe('must have no control or invisible characters')
  })
})

test('what people write is printed as it is', () => {
  const printed: string[] = []
  printable({ write: (line) => printed.push(line) }).write('Müller & Söhne 日本 👩‍💻\n')
  expect(printed).toEqual(['Müller & Söhne 日本 👩‍💻\n'])
})
