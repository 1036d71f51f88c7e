import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commandFaults, type DeclaredCommand } from '../../../test/docs/commands.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { runWith } from './command.test.support.ts'
import { declareCommands, eachOf, pathOf } from './commands.ts'

const screen = { out: { write() {} }, progress: undefined }
const program = declareCommands(
  screen,
  () => async () => {},
  { migrate: async () => {}, discover: () => Promise.reject(new Error('not called')) },
  () => {},
)

function everyPath(): string[] {
  const paths: string[] = []
  eachOf(program, (command) => paths.push(pathOf(command)))
  return paths
}

verifies.suite('service:help', () => {
  test.each(everyPath())('%s says how it is called', async (path) => {
    const [, ...words] = path.split(' ')
    const { code, output, errors } = await runWith({}, [...words, '--help'])
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(output).toContain(`Usage: ${path}`)
  })

  test('the first screen names each group, and fits a screen', async () => {
    const { output } = await runWith({}, ['--help'])
    for (const command of program.commands) {
      expect(output).toMatch(new RegExp(`^  ${command.name()} +\\S`, 'm'))
    }
    expect(output.split('\n').length).toBeLessThan(35)
  })

  test.each(everyPath())('%s with an unknown option names the command that helps', async (path) => {
    const [, ...words] = path.split(' ')
    const { code, output, errors, started } = await runWith({}, [...words, '--unheard-of'])
    expect({ code, output, started }).toEqual({ code: 2, output: '', started: [] })
    expect(errors).toContain("error: unknown option '--unheard-of'")
    expect(errors).toContain(`Help:  ${path} --help`)
  })
})

verifies.suite('house:docs-commands', () => {
  const page = readFileSync(new URL('../../docs/reference/commands.md', import.meta.url), 'utf8')

  test('the page says what is declared', () => {
    expect(declared().length).toBeGreaterThan(10)
    expect(commandFaults(page, declared())).toEqual([])
  })

  test('what the page forgets is found, and what it says otherwise', () => {
    const planted = page
      .replace(/^.*`keywell-service keys status`.*\n/m, '')
      .replace('[--overlap <time>]', '[--overlap <days>]')
      .replace('`--role <role>`', '`--rolle <role>`')
    expect(commandFaults(planted, declared())).toEqual([
      'keywell-service api-keys rotate <id> [--overlap <days>] is not in the code',
      'keywell-service api-keys rotate <id> [--overlap <time>] is missing',
      'keywell-service keys status is missing',
      '--rolle <role> is not in the code',
      '--role <role> is missing',
    ])
  })
})

/** The service itself, which has no words, and what is below it. */
function declared(): DeclaredCommand[] {
  const found: DeclaredCommand[] = [{ words: program.name(), options: [] }]
  eachOf(program, (command) => {
    if (command.commands.length > 0) return
    const given = command.registeredArguments.map((argument) =>
      argument.required ? `<${argument.name()}>` : `[<${argument.name()}>]`,
    )
    const options = command.options.map(({ flags }) => flags)
    found.push({ words: [pathOf(command), ...given].join(' '), options })
  })
  return found
}
