/** `keywell mcp` and `keywell mcp test`. */
import { listToolProviders } from '@keywell/tools'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { type Command, Option } from 'commander'
import { checkCredential, readUser, usableTools } from './checks.ts'
import { type Variables, withEnvFile } from './env-file.ts'
import { type Log, type Out, openLog } from './log.ts'
import { openParts, openServer } from './open.ts'
import { serveHttp } from './serve-http.ts'
import { readSettings, type Settings } from './settings.ts'
import { defaultProfile, type Profile, profiles } from './tools.ts'

/** What a process gives a command. */
export interface Terminal {
  readonly out: Out
  readonly err: Out
  readonly environment: Variables
  readonly folder: string
  /** Calls it when the process is asked to end. */
  onStop(stop: () => Promise<void>): void
}

interface Options {
  readonly provider: string
  readonly profile: Profile | undefined
  readonly tools: string | undefined
  readonly envFile: string | undefined
  readonly envPrefix: string | undefined
  readonly insecure: boolean | undefined
}

export function declareMcp(program: Command, terminal: Terminal): void {
  const mcp = program
    .command('mcp')
    .description("serve a provider's tools to an agent, as the user of one token")
    .enablePositionalOptions()
  const run = withOptions(mcp).action((options: Options) => serve(options, terminal))
  withOptions(run.command('test'))
    .description('say whether the instance is reached and what the token can do')
    .action((options: Options) => test(options, terminal))
}

function withOptions(command: Command): Command {
  const providers = listToolProviders()
  return command
    .addOption(
      new Option('--provider <name>', 'whose tools').choices([...providers]).default(providers[0]),
    )
    .addOption(new Option('--profile <name>', 'which tools').choices(profiles))
    .option('--tools <names>', 'only these, with commas between; what deletes has to be named here')
    .option('--env-file <path>', 'settings; default: keywell.env here, or at home')
    .option('--env-prefix <prefix>', 'of the variables; default: KEYWELL_<PROVIDER>_')
    .option('--insecure', 'accept any certificate, where VERIFY_SSL is false')
}

async function serve(options: Options, terminal: Terminal): Promise<void> {
  const { settings, log } = read(options, terminal)
  const parts = openParts(options.provider, settings)
  const choice = {
    profile: options.profile ?? defaultProfile(options.provider),
    names: options.tools?.split(',').map((name) => name.trim()),
  }
  const factory = await openServer(parts, { settings, choice, log })
  if (settings.http === undefined) {
    const { close } = serveStdio(factory, { onerror: ({ message }) => log.warn(message) })
    return terminal.onStop(async () => {
      await close()
      await parts.close()
    })
  }
  const server = await serveHttp(factory, settings.http)
  log.info('listening', { url: server.url })
  if (settings.http.token === undefined) {
    terminal.err.write(`Clients send: Authorization: Bearer ${server.token.expose()}\n`)
  }
  terminal.onStop(async () => {
    await server.close()
    await parts.close()
  })
}

/** One line for each check that passes. */
async function test(options: Options, terminal: Terminal): Promise<void> {
  const { settings } = read(options, terminal)
  const parts = openParts(options.provider, settings)
  const say = (line: string) => terminal.out.write(`${line}\n`)
  try {
    const { scopes, endsAt } = await checkCredential(parts)
    say(`ok  ${parts.place.host} answers, and takes the token`)
    say(`ok  scopes: ${scopes?.join(', ') ?? 'not told'}`)
    say(`ok  ends: ${endsAt?.toISOString().slice(0, 10) ?? 'not told'}`)
    say(`ok  user: ${(await readUser(parts)) ?? 'not told'}`)
    say(`ok  ${usableTools(parts, scopes).length} tools${settings.readOnly ? ', read-only' : ''}`)
  } finally {
    await parts.close()
  }
}

function read(options: Options, terminal: Terminal): { settings: Settings; log: Log } {
  const { provider, envFile, envPrefix, insecure = false } = options
  const prefix = envPrefix ?? `KEYWELL_${provider.toUpperCase().replaceAll('-', '_')}_`
  const variables = withEnvFile(terminal.environment, { path: envFile, folder: terminal.folder })
  const settings = readSettings(variables, prefix)
  if (!settings.tls.verify && !insecure) {
    throw new Error(
      `${prefix}VERIFY_SSL is false: give --insecure as well, or better name a certificate in ${prefix}CA_FILE.`,
    )
  }
  const log = openLog(terminal.err, settings.log)
  if (settings.credential.kind === 'client') {
    log.warn('no user stands behind client credentials: tools see what the application may see')
  }
  return { settings, log }
}
