import { readFileSync } from 'node:fs'
import type { ProviderDefinition } from '@keywell/protocol'
import { reachOf, readDefinition } from '@keywell/providers'
import type { Command } from 'commander'
import type { Screen } from './commands.ts'

/** Definitions of providers, by command. It needs neither settings nor a database. */
export function declareProviders(
  program: Command,
  finish: (code: number) => void,
  { out }: Screen,
): void {
  program
    .command('providers')
    .description('check definitions of providers')
    .command('check <file>')
    .description(
      'read a definition of a provider, and print where its secrets may go, or what is wrong with it; needs no settings',
    )
    .action((file: string) => finish(check(file, out)))
}

function check(file: string, out: Screen['out']): number {
  const read = readDefinition(readFileSync(file))
  if ('definition' in read) {
    describe(read.definition, out)
    return 0
  }
  for (const { pointer, reason } of read.problems) {
    out.write(`${[file, pointer, reason].filter((part) => part !== '').join(': ')}\n`)
  }
  return 1
}

function describe(definition: ProviderDefinition, out: Screen['out']): void {
  const { name, title, auth } = definition
  out.write(`${title} (${name})\n`)
  for (const method of auth) {
    out.write(`\n${method.title} (${method.id}, ${method.kind}): secrets may go to\n`)
    for (const origin of reachOf(definition, method, {})) out.write(`  ${origin}\n`)
  }
}
