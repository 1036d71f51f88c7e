import { type ApiKeyRole, apiKeyRoles, type KeywellService } from '@keywell/server'
import { type Command, InvalidArgumentError } from 'commander'
import type { Run, Screen } from './commands.ts'

type ApiKeys = KeywellService['apiKeys']

/** API keys, by command. */
export function declareApiKeys(program: Command, run: Run, { out }: Screen): void {
  const group = program.command('api-keys').description('create, list, rotate and revoke API keys')

  group
    .command('create <name>')
    .description('create an API key; it is shown once')
    .option(
      '--role <role>',
      `${apiKeyRoles.join(', ')}; repeatable (default: backend)`,
      again(roleIn),
    )
    .option(
      '--tenant <id>',
      'the only tenant that it may act for; repeatable (default: all)',
      again(),
    )
    .option('--provider <name>', 'the only provider; repeatable (default: all)', again())
    .option(
      '--origin <origin>',
      'the only origin of an app that its connect sessions may name, such as https://app.example; ' +
        'repeatable (default: all of KEYWELL_APP_ORIGIN)',
      again(),
    )
    .option('--expires-in <time>', '90d, 12h or 30m (default: never)', msIn)
    .action(
      run(async ({ apiKeys }, name: string, options: Grants) => {
        const { key } = await apiKeys.create(name, grantsIn(options))
        out.write(`${key.expose()}\n`)
      }),
    )
  group
    .command('list')
    .description('list API keys, without the keys')
    .action(run(async ({ apiKeys }) => void out.write(list(await apiKeys.list()))))
  group
    .command('rotate <id>')
    .description('create its successor, which is shown once')
    .option('--overlap <time>', 'how long the old key stays live: 90d, 12h or 30m', timeIn, '1d')
    .action(
      run(async ({ apiKeys }, old: string, { overlap }: { overlap: string }) => {
        const { id, key } = await apiKeys.rotate(old, { overlapSeconds: msIn(overlap) / 1000 })
        out.write(`${key.expose()}\n${id} takes the place of ${old}, which ends in ${overlap}.\n`)
      }),
    )
  group
    .command('revoke <id>')
    .description('revoke an API key')
    .action(
      run(async ({ apiKeys }, id: string) => {
        await apiKeys.revoke(id)
        out.write(`${id} is revoked. Within two seconds no replica accepts it.\n`)
      }),
    )
}

function list(keys: Awaited<ReturnType<ApiKeys['list']>>): string {
  const lines = keys.map((key) => {
    const limits = [
      ...(key.tenants === null ? [] : [`tenants ${key.tenants.join(',')}`]),
      ...(key.providers === null ? [] : [`providers ${key.providers.join(',')}`]),
      ...(key.origins === null ? [] : [`origins ${key.origins.join(',')}`]),
      ...(key.expiresAt === null ? [] : [`until ${key.expiresAt}`]),
      `last used ${key.lastUsedAt ?? 'never'}`,
    ]
    return `${key.id}  ${key.status.padEnd(7)}  ${key.name}  ${key.roles.join(',')}  ${limits.join(', ')}\n`
  })
  return lines.join('')
}

interface Grants {
  role?: ApiKeyRole[]
  tenant?: string[]
  provider?: string[]
  origin?: string[]
  expiresIn?: number
}

function grantsIn(options: Grants): Parameters<ApiKeys['create']>[1] {
  const { role = ['backend'], tenant, provider, origin, expiresIn } = options
  const expiresAt =
    expiresIn === undefined ? undefined : new Date(Date.now() + expiresIn).toISOString()
  return { roles: role, tenants: tenant, providers: provider, origins: origin, expiresAt }
}

/** Each use of an option adds to those before it. */
function again<Value = string>(parse?: (text: string) => Value) {
  return (text: string, before: (Value | string)[] = []): (Value | string)[] => [
    ...before,
    parse === undefined ? text : parse(text),
  ]
}

function roleIn(text: string): ApiKeyRole {
  const role = apiKeyRoles.find((each) => each === text)
  if (role !== undefined) return role
  throw new InvalidArgumentError(`There is no role "${text}"; there are ${apiKeyRoles.join(', ')}.`)
}

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 }

function msIn(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([dhm])$/.exec(text) ?? []
  const ms = Number(count) * (unitMs[unit] ?? Number.NaN)
  if (ms >= 0) return ms
  throw new InvalidArgumentError(`"${text}" is no time; say 90d, 12h or 30m.`)
}

/** The same text, if it is a time. */
function timeIn(text: string): string {
  msIn(text)
  return text
}
