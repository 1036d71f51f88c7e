/** The service as a stranger gets it: installed from its packages into an empty folder, and started by npx. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { run } from './run.ts'

/** How long the program may take to listen, on a machine that is busy. */
const longestStartMs = 120_000

/** Answers what did not work, with what the program wrote. */
export async function serviceFaults(tarballs: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'keywell-npx-'))
  try {
    const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs]
    const installed = await run('npm', args, folder)
    if (installed.code !== 0) return [`npm install: ${installed.output}`]
    return [
      ...(await startFaults(folder)),
      ...(await refusalFaults(folder)),
      ...(await commandFaults(folder)),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Nothing but `npx @keywell/service`. */
async function startFaults(folder: string): Promise<string[]> {
  const port = await freePort()
  const program = start(folder, { PORT: String(port) })
  try {
    await program.printed('"msg":"listening"')
    const keyFile = join(folder, '.keywell/api-key')
    const authorization = `Bearer ${(await readFile(keyFile, 'utf8')).trim()}`
    const url = `http://127.0.0.1:${port}/v1/providers`
    const answer = await fetch(url, { headers: { authorization } })
    return [
      ...(answer.ok ? [] : [`GET /v1/providers answered ${answer.status}`]),
      ...(((await stat(keyFile)).mode & 0o077) === 0 ? [] : ['others can read the API key']),
      ...['development', 'KEYWELL_KEY_FILE', 'DATABASE_URL_FILE', 'KEYWELL_APP_ORIGIN']
        .filter((word) => !program.output().includes(word))
        .map((word) => `the start says nothing of ${word}: ${program.output()}`),
    ]
  } catch (error) {
    return [`npx @keywell/service: ${String(error)}: ${program.output()}`]
  } finally {
    await program.stop()
  }
}

/** For production, what is missing is said, and nothing starts. */
async function refusalFaults(folder: string): Promise<string[]> {
  const program = start(folder, { NODE_ENV: 'production' })
  await once(program.child, 'close')
  const said = program.output().includes('There is no root key')
  const refused = said && program.child.exitCode === 1
  return refused ? [] : [`it started for production without a root key: ${program.output()}`]
}

/** The terminal's program is there, too, and says what it has. */
async function commandFaults(folder: string): Promise<string[]> {
  const { code, output } = await run('npx', ['--no-install', 'keywell', 'mcp', '--help'], folder)
  return code === 0 && output.includes('--profile') ? [] : [`keywell mcp --help: ${output}`]
}

function start(folder: string, variables: Record<string, string>) {
  const { PATH = '', HOME = folder } = process.env
  const child: ChildProcess = spawn('npx', ['--no-install', '@keywell/service'], {
    cwd: folder,
    env: { PATH, HOME, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    // npx and what it starts are stopped together.
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  return {
    child,
    output: () => output,
    async printed(text: string): Promise<void> {
      const endMs = Date.now() + longestStartMs
      while (!output.includes(text)) {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
        if (Date.now() > endMs) throw new Error(`it did not say ${text}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    async stop(): Promise<void> {
      if (child.exitCode !== null || child.pid === undefined) return
      const closed = once(child, 'close')
      process.kill(-child.pid, 'SIGTERM')
      await closed
    },
  }
}
