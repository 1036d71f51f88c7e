import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { checkOutput } from './log-lines.ts'
import { runnable } from './runnable.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface ServiceProcess {
  url: string
  child: ChildProcess
  /** Everything that it wrote. */
  output(): string
  /** SIGTERM, and waits for the end. Answers the exit code. */
  stop(): Promise<number | null>
}

/** The service as an operator starts it: a process of its own, configured by its environment. */
export async function startService(environment: Record<string, string>): Promise<ServiceProcess> {
  const port = environment.PORT ?? String(await freePort())
  const run = runService([], { PORT: port, ...environment })
  await run.printed(/"msg":"listening"/)
  return {
    url: environment.KEYWELL_PUBLIC_URL ?? `http://127.0.0.1:${port}`,
    child: run.child,
    output: run.output,
    async stop() {
      run.child.kill('SIGTERM')
      return run.exited
    },
  }
}

/** Starts the program and watches it; it may end by itself. */
export function runService(words: string[], environment: Record<string, string>) {
  const { flags, main } = runnable(`${root}apps/service/src/main.ts`)
  const args = [...flags, main, ...words]
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env
  const env = { PATH, HOME, ...(TMPDIR === '' ? {} : { TMPDIR }), ...environment }
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const outputEvents = new EventTarget()
  // The service prints the lines of its log; a command its result, and its log where errors go.
  for (const [input, isLog] of [
    [child.stdout, words.length === 0],
    [child.stderr, false],
  ] as const) {
    createInterface({ input }).on('line', (line) => checkOutput([line], { isLog }))
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      outputEvents.dispatchEvent(new Event('data'))
    })
  }
  const exited = once(child, 'close').then(([code]: (number | null)[]) => code ?? null)
  void exited.then(() => outputEvents.dispatchEvent(new Event('data')))
  return {
    child,
    exited,
    output: () => output,
    /** Resolves when the text was printed; rejects with all output when the process ended without. */
    async printed(text: RegExp): Promise<void> {
      while (!text.test(output)) {
        if (child.exitCode !== null) throw new Error(`exit code ${child.exitCode}: ${output}`)
        await once(outputEvents as never, 'data')
      }
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
