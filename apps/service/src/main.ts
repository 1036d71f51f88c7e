#!/usr/bin/env node
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Appearance,
  createKeyFile,
  createKeywell,
  type Database,
  discoverIssuer,
  type KeyProvider,
  type KeywellService,
  keyDescriptor,
  keyFile,
  keyVariable,
  type Logger,
  localKeys,
  migrate,
  openPglite,
  openPostgres,
  openPrivateFolder,
  scrubText,
  writePrivateFile,
} from '@keywell/server'
import closeWithGrace from 'close-with-grace'
import { runCommand, type Workplace } from './commands.ts'
import { openLogger } from './log.ts'
import { readLogo } from './logo.ts'
import { listenForMetrics } from './metrics-listener.ts'
import { coreDumpWarning, forgetSecretVariables, hardenProcess } from './process-hardening.ts'
import { withSecretFiles } from './secret-files.ts'
import { openServer } from './server.ts'
import { isUnconfigured, readSettings, type Settings } from './settings.ts'
import { printable } from './terminal.ts'

async function openDatabase(settings: Settings, logger: Logger): Promise<Database> {
  if ('url' in settings.database) return openPostgres(settings.database)
  openDataFolder(settings, logger)
  const warn = warner(logger)
  openPrivateFolder(settings.database.dataDir, { what: 'The folder of the database', warn })
  return openPglite(settings.database)
}

function warner(logger: Logger): (message: string) => void {
  return (reason) => logger.warn({ reason }, 'start warning')
}

function openDataFolder({ dataDir }: Settings, logger: Logger): void {
  openPrivateFolder(dataDir, { what: 'The data folder', warn: warner(logger) })
}

function openKeys(settings: Settings, logger: Logger): KeyProvider {
  const { key } = settings
  const warn = warner(logger)
  if ('fd' in key) return localKeys(keyDescriptor(key))
  if ('value' in key) return localKeys(keyVariable({ ...key, warn }))
  if (key.make && !existsSync(key.file)) {
    openDataFolder(settings, logger)
    createKeyFile(key.file)
    logger.warn({ file: key.file }, 'root key created')
  }
  return localKeys(keyFile({ path: key.file, warn }))
}

/** The first API key goes into a file that only its owner may read; never into a log. */
async function makeFirstApiKey(keywell: KeywellService, settings: Settings, logger: Logger) {
  if ((await keywell.apiKeys.list()).length > 0) return
  if (settings.apiKeyFile === undefined) {
    logger.warn({ command: firstApiKeyCommand }, 'API key missing')
    return
  }
  const naming = { what: 'The file of the first API key', warn: warner(logger) }
  await writePrivateFile(settings.apiKeyFile, naming, async () => {
    const { key } = await keywell.apiKeys.create('first')
    return `${key.expose()}\n`
  })
  logger.info({ file: settings.apiKeyFile }, 'API key created')
}

function listen(keywell: KeywellService, settings: Settings, logger: Logger): void {
  const { publicUrl, role } = settings
  const onUncountedProxy = ({ address }: { address: string | undefined }) =>
    logger.warn({ address, setting: 'KEYWELL_PROXIES' }, 'proxy not counted')
  const server = openServer(keywell, { ...settings, onUncountedProxy }, ({ address, port }) =>
    logger.info({ address, port, publicUrl, role }, 'listening'),
  )
  const metrics =
    settings.metricsPort === undefined
      ? undefined
      : listenForMetrics(keywell, { port: settings.metricsPort })
  closeWithGrace(
    {
      delay: settings.drainMs,
      skip: ignoredEvents,
      logger: {
        error: (reason) => logger.error({ reason: String(reason) }, 'stop failed'),
      },
      onTimeout: () => logger.error({ drainMs: settings.drainMs }, 'stop timed out'),
    },
    async ({ signal }) => {
      logger.info({ signal }, 'stopping')
      const isClosed = once(server, 'close')
      server.close()
      metrics?.close()
      await keywell.stop()
      // Answers are still being sent. A connection on which nothing more is sent is closed.
      const closeIdle = setInterval(() => server.closeIdleConnections(), 50)
      await Promise.race([isClosed, delay(lastBytesMs)])
      clearInterval(closeIdle)
    },
  )
}

/** How long a stop waits for clients to read their answers, in milliseconds. */
const lastBytesMs = 5_000

/** Everything but the signals by which a process is asked to end: after a crash no code of ours runs. */
const ignoredEvents: NonNullable<closeWithGrace.Options['skip']> = [
  ...(['uncaughtException', 'unhandledRejection', 'beforeExit'] as const),
  ...([
    'SIGQUIT',
    'SIGILL',
    'SIGTRAP',
    'SIGABRT',
    'SIGBUS',
    'SIGFPE',
    'SIGSEGV',
    'SIGUSR2',
  ] as const),
]

/** Reports what exposes the root key to other processes. In production the service then does not start. */
function guardProcess(settings: Settings, logger: Logger): void {
  const faults = hardenProcess(process)
  forgetSecretVariables(process)
  const warning = coreDumpWarning()
  if (warning !== undefined) logger.warn({ reason: warning }, 'start warning')
  if (faults.length === 0) return
  if (settings.mode === 'production') throw new Error(faults.join(' '))
  for (const reason of faults) logger.warn({ reason }, 'start warning')
}

const runningPage = 'https://github.com/keywell/keywell/blob/main/apps/docs/guide/running.md'
const firstApiKeyCommand = 'keywell-service api-keys create first --role admin --role backend'
const trialReason =
  'Nothing is configured, so this is development, on this machine alone: the root key, the API key and an embedded database are in the folder. For production set KEYWELL_KEY_FILE, DATABASE_URL_FILE, KEYWELL_PUBLIC_URL and KEYWELL_APP_ORIGIN'

/** What a word of the command line works with: the database and the keys of the same settings. */
function workplace(logger: Logger): Workplace {
  const [out, err] = [printable(process.stdout), printable(process.stderr)]
  const variables = () => withSecretFiles(process.env, warner(logger))
  return {
    out,
    err,
    progress: process.stderr.isTTY ? process.stderr : undefined,

    async withService(act, { start } = { start: true }) {
      const settings = readSettings(variables())
      const keywell = await openService(settings, openLogger(settings.logLevel, process.stderr))
      if (start) await keywell.start()
      const code = await act(keywell)
      await keywell.stop()
      return code
    },

    discover(issuer) {
      const given = variables()
      const isBare = isUnconfigured(given)
      const { privateHosts, egressProxy } = readSettings(
        isBare ? { ...given, KEYWELL_MODE: 'development' } : given,
      )
      return discoverIssuer(issuer, { privateHosts, egressProxy })
    },

    async migrate() {
      const { DATABASE_URL: url } = variables()
      if (url === undefined) throw new Error('DATABASE_URL is not set: nothing to migrate.')
      const database = await openPostgres({ url, poolSize: 1 })
      try {
        await migrate(database)
        out.write('The tables are up to date.\n')
        return 0
      } finally {
        await database.close()
      }
    },
  }
}

function openAppearance({ app: { name, logoFile, color } }: Settings): Appearance {
  return { name, color, logo: logoFile === undefined ? undefined : readLogo(logoFile) }
}

async function openService(settings: Settings, logger: Logger): Promise<KeywellService> {
  guardProcess(settings, logger)
  return createKeywell({
    publicUrl: settings.publicUrl,
    appOrigins: settings.appOrigins,
    connectUrl: settings.connectUrl,
    approvalUrl: settings.approvalUrl,
    mcp: settings.mcp,
    appearance: openAppearance(settings),
    privateHosts: settings.privateHosts,
    privateWebhookHosts: settings.privateWebhookHosts,
    egressProxy: settings.egressProxy,
    limits: settings.hostLimits,
    providersFolder: settings.providersDir,
    rateLimits: settings.rateLimits,
    streamLimits: settings.streamLimits,
    role: settings.role,
    dormantAfterDays: settings.dormantAfterDays,
    auditDays: settings.auditDays,
    auditRefreshes: settings.auditRefreshes,
    keys: openKeys(settings, logger),
    database: await openDatabase(settings, logger),
    logger,
  })
}

async function serve(bootLogger: Logger): Promise<void> {
  const variables = withSecretFiles(process.env, warner(bootLogger))
  const isTrial = isUnconfigured(variables)
  const settings = readSettings(isTrial ? { ...variables, KEYWELL_MODE: 'development' } : variables)
  const logger = openLogger(settings.logLevel)
  const keywell = await openService(settings, logger)
  await keywell.start()
  // A worker has no clients; a process that has some makes their first key.
  if (settings.role !== 'worker') await makeFirstApiKey(keywell, settings, logger)
  if (settings.mode === 'production' && settings.appOrigins === undefined) {
    logger.warn({ setting: 'KEYWELL_APP_ORIGIN' }, 'app origins missing')
  }
  if (isTrial) {
    const { dataDir: folder } = settings
    logger.warn({ folder, docs: runningPage, reason: trialReason }, 'development mode')
  }
  listen(keywell, settings, logger)
}

async function main(): Promise<void> {
  const [, , ...words] = process.argv
  // What a command prints is its result; its log goes the other way.
  const bootLogger = openLogger('info', words.length > 0 ? process.stderr : undefined)
  // A crash logs its error, and shows neither source nor values.
  process.once('uncaughtException', (error) => {
    bootLogger.error({ error }, 'crashed')
    process.exit(1)
  })
  try {
    if (words.length === 0) await serve(bootLogger)
    else process.exitCode = await runCommand(words, workplace(bootLogger))
  } catch (error) {
    const reason = scrubText(error instanceof Error ? error.message : String(error))
    // A command answers a person; a start writes to the log.
    if (words.length > 0) printable(process.stderr).write(`error: ${reason}\n`)
    else bootLogger.error({ reason }, 'start failed')
    process.exit(1)
  }
}

await main()
