import type { ProviderDefinition } from '@keywell/protocol'
import { type DefinitionProblem, type DefinitionRead, isTenantsOwn } from '@keywell/providers'
import { reservedName } from '../catalogue.ts'

/** A definition that is in force, and the file that it came from. */
export interface LiveDefinition {
  readonly definition: ProviderDefinition
  readonly file: string
}

export type LiveDefinitions = ReadonlyMap<string, LiveDefinition>

export interface Settled {
  /** By the name of the provider. */
  readonly live: LiveDefinitions
  readonly refused: ReadonlyMap<string, readonly DefinitionProblem[]>
}

/** Definitions of one folder. */
const maxDefinitions = 500

/**
 * What the files of a folder come to. A file that is refused leaves its last good version in force. Of two files of one
 * name the one stays that was there before, however the files are called.
 *
 * @param files by name, in their order
 */
export function settle(
  before: LiveDefinitions,
  files: ReadonlyMap<string, DefinitionRead>,
): Settled {
  const live = new Map<string, LiveDefinition>()
  const refused = new Map<string, readonly DefinitionProblem[]>()

  function refuse(file: string, problems: readonly DefinitionProblem[]): void {
    refused.set(file, problems)
    for (const [name, last] of before) {
      if (last.file === file && !live.has(name)) live.set(name, last)
    }
  }

  for (const [file, read] of files) if ('problems' in read) refuse(file, read.problems)
  const good = [...files].flatMap(([file, read]) =>
    'definition' in read ? [{ file, definition: read.definition }] : [],
  )
  const isOwner = ({ file, definition }: LiveDefinition) =>
    before.get(definition.name)?.file === file
  for (const each of [...good.filter(isOwner), ...good.filter((one) => !isOwner(one))]) {
    const { file, definition } = each
    const other = live.get(definition.name)
    if (other !== undefined && other.file !== file) {
      refuse(file, [{ pointer: '/name', reason: `is the name in ${other.file} too` }])
    } else if (isTenantsOwn(definition)) {
      refuse(file, [reservedName])
    } else if (other === undefined && live.size >= maxDefinitions) {
      refuse(file, [{ pointer: '', reason: `is more than ${maxDefinitions} definitions` }])
    } else {
      live.set(definition.name, each)
    }
  }
  return { live, refused }
}
