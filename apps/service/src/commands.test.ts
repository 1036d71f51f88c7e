import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { runWith } from './command.test.support.ts'
import { declareCommands, eachOf, pathOf } from './commands.ts'

const screen = { out: { write() {} }, progress: undefined }
const program = declareCommands(
  screen,
  () => async () => {},
  async () => {},
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
