import { parseArgs } from 'node:util'
import { type ApiKeyRole, apiKeyRoles, type KeywellService } from '@keywell/server'
import { auditUsage } from './audit-command.ts'
import { incidentsUsage } from './incidents-command.ts'
import { sealingKeysUsage } from './sealing-keys-command.ts'
import { tenantsUsage } from './tenants-command.ts'
import type { Out } from './terminal.ts'

const usage = `Usage: keywell-service                        serve
       keywell-service migrate                bring the tables of DATABASE_URL up to date, as their
                                              owner; asks for no key
       keywell-service api-keys create <name>  make an API key; it is shown once
         --role <role>          ${apiKeyRoles.join(', ')}; may be given again; default backend
         --tenant <id>          the only tenant that it may act for; may be given again; default all
         --provider <name>      the only provider; may be given again; default all
         --origin <origin>      the only origin of an app that its connect sessions may name, such as
                                https://app.example; may be given again; default all that
                                KEYWELL_APP_ORIGIN lists
         --expires-in <time>    90d, 12h or 30m; default never
       keywell-service api-keys list
       keywell-service api-keys rotate <id>    make a successor, which is shown once
         --overlap <time>       how long the old key stays live; default 1d
       keywell-service api-keys revoke <id>
${sealingKeysUsage}${auditUsage}${tenantsUsage}${incidentsUsage}`

type ApiKeys = KeywellService['apiKeys']

/** Words that are no command of ours; the message says which. */
class WrongWords extends Error {}

/** API keys by command. Answers the exit code. */
export async function runKeysCommand(
  { apiKeys }: { apiKeys: ApiKeys },
  words: string[],
  out: Out,
  now: () => number = Date.now,
): Promise<number> {
  try {
    out.write(await run(apiKeys, words, now))
    return 0
  } catch (error) {
    if (!(error instanceof WrongWords)) throw error
    out.write(`${error.message}\n\n${usage}`)
    return 2
  }
}

async function run(apiKeys: ApiKeys, words: string[], now: () => number): Promise<string> {
  const { positionals, values } = readWords(words)
  const [group, command, argument = '', ...rest] = positionals
  if (group !== 'api-keys' || rest.length > 0)
    throw new WrongWords(`No such command: ${words.join(' ')}`)
  if (command === 'list' && argument === '') return list(await apiKeys.list())
  if (argument === '') throw new WrongWords(`api-keys ${command ?? ''}: something is missing.`)
  switch (command) {
    case 'create': {
      const { key } = await apiKeys.create(argument, grantsIn(values, now))
      return `${key.expose()}\n`
    }
    case 'rotate': {
      const overlapSeconds = msIn(values.overlap ?? '1d') / 1000
      const { id, key } = await apiKeys.rotate(argument, { overlapSeconds })
      return `${key.expose()}\n${id} takes the place of ${argument}, which ends in ${values.overlap ?? '1d'}.\n`
    }
    case 'revoke':
      await apiKeys.revoke(argument)
      return `${argument} is revoked. Within two seconds no replica accepts it.\n`
    default:
      throw new WrongWords(`No such command: api-keys ${command}`)
  }
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

type Values = ReturnType<typeof readWords>['values']

function readWords(words: string[]) {
  const once = { type: 'string' } as const
  const again = { type: 'string', multiple: true } as const
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        role: again,
        tenant: again,
        provider: again,
        origin: again,
        'expires-in': once,
        overlap: once,
      },
    })
  } catch (error) {
    throw new WrongWords(error instanceof Error ? error.message : String(error))
  }
}

function grantsIn(values: Values, now: () => number): Parameters<ApiKeys['create']>[1] {
  const expiresIn = values['expires-in']
  return {
    roles: (values.role ?? ['backend']).map(roleIn),
    tenants: values.tenant,
    providers: values.provider,
    origins: values.origin,
    expiresAt:
      expiresIn === undefined ? undefined : new Date(now() + msIn(expiresIn)).toISOString(),
  }
}

function roleIn(text: string): ApiKeyRole {
  const role = apiKeyRoles.find((each) => each === text)
  if (role !== undefined) return role
  throw new WrongWords(`There is no role "${text}"; there are ${apiKeyRoles.join(', ')}.`)
}

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 }

function msIn(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([dhm])$/.exec(text) ?? []
  const ms = Number(count) * (unitMs[unit] ?? Number.NaN)
  if (ms >= 0) return ms
  throw new WrongWords(`"${text}" is no time; say 90d, 12h or 30m.`)
}
