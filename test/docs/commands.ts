import { type declareCommands, eachOf, pathOf } from '../../apps/service/src/commands.ts'
import { listFaults, sectionOf, spansIn, tableRows } from '../support/markdown.ts'

type Command = ReturnType<typeof declareCommands>

/** More options than these stand in a table of their own. */
const maxInline = 2

/** What the page of commands says otherwise than the declared tree: words, arguments and options. */
export function commandFaults(page: string, program: Command): string[] {
  const leaves: Command[] = []
  eachOf(program, (command) => {
    if (command.commands.length === 0) leaves.push(command)
  })
  const spans = tableRows(sectionOf(page, 'The service')).flatMap(([first = '']) => spansIn(first))
  const optionsOf = ({ options }: Command) => options.map(({ flags }) => flags)
  const long = leaves.filter(({ options }) => options.length > maxInline)
  return [
    ...listFaults(
      spans.filter((span) => span.startsWith(program.name())),
      [program.name(), ...leaves.map(lineOf)],
    ),
    ...listFaults(
      spans.filter((span) => span.startsWith('-')),
      long.flatMap(optionsOf),
    ),
  ]
}

function lineOf(command: Command): string {
  const required = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[<${argument.name()}>]`,
  )
  const options = command.options.length > maxInline ? [] : command.options
  return [pathOf(command), ...required, ...options.map(({ flags }) => `[${flags}]`)].join(' ')
}
