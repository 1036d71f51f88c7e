/** `keywell mcp` and `keywell mcp test`. */
import { listToolProviders } from '@keywell/tools'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { type Command, Option } from 'commander'
import { plainLine } from '../plain-line.ts'
import { type ConnectionOptions, readConnection } from './connection.ts'
import { type Variables, withEnvFile } from './env-file.ts'
import { openInstanceSource } from './instance-source.ts'
import { type Log, type Out, openLog } from './log.ts'
import { defaultProfile, type Profile, profiles } from './profiles.ts'
import { serveHttp } from './serve-http.ts'
import { openServiceSource } from './service-source.ts'
import { readServerSettings, readSettings, type ServerSettings } from './settings.ts'
import type { Source } from './source.ts'

/** What a process gives a command. */
export interface Terminal {
  readonly out: Out
  readonly err: Out
  readonly environment: Variables
  readonly folder: string
  /** Calls it when the process is asked to end. */
  onStop(stop: () => Promise<void>): void
}

interface Options extends ConnectionOptions {
  readonly profile: Profile | undefined
  readonly tools: string | undefined
  readonly envFile: string | undefined
  readonly envPrefix: string | undefined
  readonly insecure: boolean | undefined
}

export function declareMcp(program: Command, terminal: Terminal): void {
  const mcp = program
    .command('mcp')
    .description("serve a provider's tools to an agent, as one user")
    .enablePositionalOptions()
  const run = withOptions(mcp).action((options: Options) => serve(options, terminal))
  withOptions(run.command('test'))
    .description('say whether the tools can be run, and how many there are')
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
    .option('--user <id>', 'of a running Keywell: run the tools there, as this user of your app')
    .option('--tenant <id>', 'of the user; default: KEYWELL_TENANT_ID')
    .option('--connection <name>', 'of the user; default: `default`, or the only one')
    .option('--env-file <path>', 'settings; default: keywell.env here, or at home')
    .option('--env-prefix <prefix>', 'of the variables; default: KEYWELL_<PROVIDER>_')
    .option('--insecure', 'accept any certificate, where VERIFY_SSL is false')
}

async function serve(options: Options, terminal: Terminal): Promise<void> {
  const { source, settings, log } = openSource(options, terminal)
  const factory = await source.open({
    profile: options.profile ?? defaultProfile(options.provider),
    names: options.tools?.split(',').map((name) => name.trim()),
  })
  if (settings.http === undefined) {
    const { close } = serveStdio(factory, { onerror: ({ message }) => log.warn(message) })
    return terminal.onStop(async () => {
      await close()
      await source.close()
    })
  }
  const server = await serveHttp(factory, settings.http)
  log.info('listening', { url: server.url })
  if (settings.http.token === undefined) {
    terminal.err.write(`Clients send: Authorization: Bearer ${server.token.expose()}\n`)
  }
  terminal.onStop(async () => {
    await server.close()
    await source.close()
  })
}

/** One line for each check that passes. */
async function test(options: Options, terminal: Terminal): Promise<void> {
  const { source } = openSource(options, terminal)
  try {
    for await (const line of source.check()) {
      terminal.out.write(`ok  ${plainLine(line)}\n`)
    }
  } finally {
    await source.close()
  }
}

interface Opened {
  readonly source: Source
  readonly settings: ServerSettings
  readonly log: Log
}

function openSource(options: Options, terminal: Terminal): Opened {
  const { provider, envFile, envPrefix, insecure = false } = options
  const prefix = envPrefix ?? `KEYWELL_${provider.toUpperCase().replaceAll('-', '_')}_`
  const variables = withEnvFile(terminal.environment, {
    path: envFile,
    folder: terminal.folder,
    credential: credentialNames(options, prefix),
  })
  const connection = readConnection(options, variables)
  if (connection !== undefined) {
    const settings = readServerSettings(variables, prefix)
    const log = openLog(terminal.err, settings.log)
    return { settings, log, source: openServiceSource(connection, { settings, log }) }
  }
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
  return { settings, log, source: openInstanceSource(provider, { settings, log }) }
}

/** Variables of the one that is used: of a running service, or of the instance. */
function credentialNames({ user }: Options, prefix: string): readonly string[] {
  return user === undefined
    ? [`${prefix}TOKEN`, `${prefix}OAUTH_CLIENT_SECRET`]
    : ['KEYWELL_API_KEY', 'KEYWELL_API_KEY_FILE']
}
