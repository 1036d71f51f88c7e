import type { KeywellService } from '@keywell/server'
import { sealingKeysUsage } from './sealing-keys-command.ts'

const usage = `Usage: keywell-service                    serve
       keywell-service keys create <name>  make an API key; it is shown once
       keywell-service keys list
       keywell-service keys revoke <id>
${sealingKeysUsage}`

/** API keys by command. Answers the exit code. */
export async function runKeysCommand(
  { apiKeys }: Pick<KeywellService, 'apiKeys'>,
  [group, command, argument]: string[],
  out: { write(text: string): unknown },
): Promise<number> {
  if (group === 'keys' && command === 'list') {
    for (const key of await apiKeys.list()) {
      out.write(`${key.id}  ${key.revokedAt === null ? 'live   ' : 'revoked'}  ${key.name}\n`)
    }
    return 0
  }
  if (group === 'keys' && command === 'create' && argument !== undefined) {
    const { key } = await apiKeys.create(argument)
    out.write(`${key.expose()}\n`)
    return 0
  }
  if (group === 'keys' && command === 'revoke' && argument !== undefined) {
    await apiKeys.revoke(argument)
    out.write(`${argument} is revoked. Within two seconds no replica accepts it.\n`)
    return 0
  }
  out.write(usage)
  return 2
}
