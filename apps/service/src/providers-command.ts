import { readFileSync } from 'node:fs'
import type { ProviderDefinition } from '@keywell/protocol'
import { reachOf, readDefinition } from '@keywell/providers'
import type { KeywellService } from '@keywell/server'
import type { Command } from 'commander'
import { z } from 'zod'
import type { Run, Screen, Workplace } from './commands.ts'

type Parts = Screen & Pick<Workplace, 'discover'>

/** Definitions of providers, by command. */
export function declareProviders(
  program: Command,
  { run, finish }: { run: Run; finish: (code: number) => void },
  { out, discover }: Parts,
): void {
  const group = program.command('providers').description('check definitions of providers')
  group
    .command('check <file>')
    .description(
      'read a definition of a provider, and print where its secrets may go and what a preset makes, or what is wrong with it; needs no settings',
    )
    .action((file: string) => finish(check(file, out)))
  declareReseal(group, run, { out, progress: undefined })
  group
    .command('discover <file>')
    .description(
      'print an oidc preset with what its issuer says now, to be kept as the file; needs no database',
    )
    .action(async (file: string) => {
      const preset = oidcSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
      const discovered = await discover(preset.issuer)
      out.write(`${JSON.stringify({ ...preset, discovered }, null, 2)}\n`)
    })
}

function declareReseal(group: Command, run: Run, { out }: Screen): void {
  group
    .command('reseal <name>')
    .description(
      'show which new origins stored secrets would be sent to by the definition of now; with --yes, store them for it',
    )
    .option('--tenant <id>', 'whose own provider it is')
    .option('--yes', 'store them')
    .action(
      run(async ({ providers }, name: string, { tenant, yes }: { tenant?: string; yes?: true }) => {
        const moved = await providers.reseal({ name, tenantId: tenant }, async (what) => {
          out.write(`${describeReseal(name, what)}\n`)
          return yes === true
        })
        out.write(moved === null ? 'Nothing was changed. Add --yes to store them.\n' : 'Done.\n')
        return moved === null ? 1 : 0
      }),
    )
}

type Reseal = Parameters<Parameters<KeywellService['providers']['reseal']>[1]>[0]

function describeReseal(name: string, { connections, integrations, origins }: Reseal): string {
  const lines = origins.map((origin) => `  ${origin}`)
  return [
    `${name}: ${connections} connections and ${integrations} integrations are stored for another version.`,
    ...(lines.length === 0 ? ['No origin is new to them.'] : ['New to them:', ...lines]),
  ].join('\n')
}

const oidcSchema = z.looseObject({
  preset: z.literal('oidc'),
  issuer: z.url({ protocol: /^https?$/ }),
})

function check(file: string, out: Screen['out']): number {
  const read = readDefinition(readFileSync(file))
  if ('definition' in read) {
    describe(read.definition, out)
    if (read.isMade) {
      out.write(
        `\nThe preset makes this definition:\n${JSON.stringify(read.definition, null, 2)}\n`,
      )
    }
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
