import type { Discovered } from '@keywell/protocol'
import type { KeywellService } from '@keywell/server'
import { Command, CommanderError } from 'commander'
import { declareApiKeys } from './api-keys-command.ts'
import { declareAudit } from './audit-command.ts'
import { declareIncidents } from './incidents-command.ts'
import { declareProviders } from './providers-command.ts'
import { declareSealingKeys } from './sealing-keys-command.ts'
import { declareTenants } from './tenants-command.ts'
import type { Out } from './terminal.ts'

/** Where a command writes: what it found, and how far it is. */
export interface Screen {
  readonly out: Out
  /** Undefined unless a terminal shows it. */
  readonly progress: Out | undefined
}

/** What a command works with, opened once its words are known to be right. */
export interface Workplace extends Screen {
  /** For what is wrong with the words. */
  readonly err: Out
  /**
   * Answers what `act` does: the exit code.
   *
   * @param options.start Default true. Without it keys can be looked after whose absence refuses a start.
   */
  withService(act: Act, options?: { start: boolean }): Promise<number>
  /** Reads what an issuer says of itself, by the settings of the service's own calls. */
  discover(issuer: string): Promise<Discovered>
  /** For an owner of the tables who is not the service: asks for no root key. */
  migrate(): Promise<number>
}

type Act = (keywell: KeywellService) => Promise<number>

/** Makes the action of a command of what it does, which is given the words that were read; a number is its exit code. */
export type Run = <Words extends unknown[]>(
  act: (keywell: KeywellService, ...words: Words) => Promise<unknown>,
  options?: { start: boolean },
) => (...words: Words) => Promise<void>

const docs = 'https://github.com/keywell/keywell/tree/main/apps/docs'

/** Every command but the service itself, which has no words. */
export function declareCommands(
  screen: Screen,
  run: Run,
  { migrate, discover }: { migrate: () => Promise<void> } & Pick<Workplace, 'discover'>,
  finish: (code: number) => void,
): Command {
  const program = new Command('keywell-service')
    .usage('[command]')
    .description(
      'Keywell, a credential manager. Without a command the service runs.\n' +
        'Settings are environment variables. Each command reads the same ones and works while the service runs.',
    )
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Examples:
  keywell-service api-keys create shop --role backend
  keywell-service keys status
  keywell-service audit verify

The commands of a group: keywell-service keys --help
Documentation: ${docs}`,
    )
  program
    .command('migrate')
    .description(
      'bring the tables of DATABASE_URL up to date, as their owner; asks for no root key',
    )
    .action(migrate)
  for (const declare of [
    declareApiKeys,
    declareSealingKeys,
    declareAudit,
    declareTenants,
    declareIncidents,
  ]) {
    declare(program, run, screen)
  }
  declareProviders(program, { run, finish }, { ...screen, discover })
  return program
}

/** Answers the exit code: that of the command, or 2 when the words are none. */
export async function runCommand(words: readonly string[], place: Workplace): Promise<number> {
  let code = 0
  const program = declareCommands(
    place,
    (act, options) =>
      async (...given) => {
        code = await place.withService(
          async (keywell) => exitCodeOf(await act(keywell, ...given)),
          options,
        )
      },
    {
      discover: place.discover,
      async migrate() {
        code = await place.migrate()
      },
    },
    (answer) => {
      code = answer
    },
  )
  eachOf(program, (command) => {
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => place.out.write(text),
        writeErr: (text) => place.err.write(text),
      })
      .helpCommand(false)
      .showHelpAfterError(
        `\nUsage: ${pathOf(command)} ${command.usage()}\nHelp:  ${pathOf(command)} --help`,
      )
  })
  try {
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
}

/** What a command does has gone well unless it answers otherwise. */
function exitCodeOf(answer: unknown): number {
  return typeof answer === 'number' ? answer : 0
}

/** A command and all below it. */
export function eachOf(command: Command, act: (command: Command) => void): void {
  act(command)
  for (const below of command.commands) eachOf(below, act)
}

/** As it is typed: `keywell-service keys status`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}
