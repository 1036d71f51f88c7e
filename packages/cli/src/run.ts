import { Command, CommanderError } from 'commander'
import { CheckFailure } from './mcp/checks.ts'
import { declareMcp, type Terminal } from './mcp/command.ts'
import { plainLine } from './plain-line.ts'

/** Answers the exit code: 0, 1 with what went wrong on stderr, or 2 when the words are none. */
export async function runCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command('keywell')
    .description('Keywell in a terminal.')
    .helpCommand(false)
    .enablePositionalOptions()
  declareMcp(program, terminal)
  eachOf(program, (command) => {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
    })
  })
  try {
    await program.parseAsync(words, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    terminal.err.write(`${plainLine(textOf(error))}\n`)
    return 1
  }
}

function textOf(error: unknown): string {
  if (error instanceof CheckFailure) return `${error.message} ${error.nextStep}`
  return error instanceof Error ? error.message : String(error)
}

function eachOf(command: Command, act: (command: Command) => void): void {
  act(command)
  for (const below of command.commands) eachOf(below, act)
}
