import { listFaults, sectionOf, spansIn, tableRows } from '../support/markdown.ts'

/** A command as it is typed. */
export interface DeclaredCommand {
  /** With its arguments: `keywell-service keys verify [<tenant>]`. */
  readonly words: string
  /** As its help has them: `--overlap <time>`. */
  readonly options: readonly string[]
}

/** More options than these stand in a table of their own. */
const maxInline = 2

/** What the page of commands says otherwise than the declared tree: words, arguments and options. */
export function commandFaults(page: string, commands: readonly DeclaredCommand[]): string[] {
  const spans = tableRows(sectionOf(page, 'The service')).flatMap(([first = '']) => spansIn(first))
  const isLong = ({ options }: DeclaredCommand) => options.length > maxInline
  const lines = commands.map((each) =>
    [each.words, ...(isLong(each) ? [] : each.options.map((option) => `[${option}]`))].join(' '),
  )
  return [
    ...listFaults(
      spans.filter((span) => span.startsWith('keywell-service')),
      lines,
    ),
    ...listFaults(
      spans.filter((span) => span.startsWith('-')),
      commands.filter(isLong).flatMap(({ options }) => options),
    ),
  ]
}
