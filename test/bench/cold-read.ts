/** What a read through the service costs: key check, select, vault, audit row. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { startPostgres } from '../support/postgres.ts'
import { runnable } from '../support/runnable.ts'
import { contest, isShort } from './contest.ts'
import type { Figure } from './figure.ts'

/** Enough that neither contender waits for the disk: what is compared is work. */
const atOnce = 128
const readsPerRound = isShort ? atOnce : 1_000

const started = z.object({
  url: z.string(),
  bareUrl: z.string(),
  apiKey: z.string(),
  keys: z.array(z.object({ tenantId: z.string(), userId: z.string() })),
})

/** The service and the bare route, in one process on one database, and a way to call either. */
export interface ReadServer {
  /** Reads so many credentials, so many at once; each answer has to be a 200. */
  readonly read: Readonly<Record<'keywell' | 'bare', Read>>
  /** Of the database, as its superuser. */
  readonly postgresUrl: string
}

export type Read = (options: {
  times: number
  atOnce: number
  /** Called with the time of each read, in milliseconds. */
  took?: (ms: number) => void
}) => Promise<void>

/** Against a bare Hono route in the same process that selects the same from the same database. */
export function coldRead(): Promise<readonly Figure[]> {
  return withReadServer(readThroughput)
}

export async function readThroughput({ read }: ReadServer): Promise<readonly Figure[]> {
  const ns = await contest(
    {
      keywell: (times) => read.keywell({ times, atOnce }),
      bare: (times) => read.bare({ times, atOnce }),
    },
    readsPerRound,
  )
  return [
    {
      name: 'cold read / bare route, throughput',
      value: ns.bare / ns.keywell,
      unit: 'x',
      goal: 0.6,
      better: 'higher',
    },
    {
      name: 'cold reads through the service',
      value: 1e9 / ns.keywell,
      unit: 'per second',
      goal: null,
      better: 'higher',
    },
  ]
}

export async function withReadServer<Result>(
  work: (server: ReadServer) => Promise<Result>,
): Promise<Result> {
  const postgres = await startPostgres({ durable: true })
  const server = forkServer(postgres.url)
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  try {
    const died = once(server, 'exit').then(() => Promise.reject(new Error('the server died')))
    const [message]: unknown[] = await Promise.race([once(server, 'message'), died])
    const { url, bareUrl, apiKey, keys } = started.parse(message)
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
    const bodies = keys.map((key) => JSON.stringify({ provider: 'gitlab', ...key }))
    const readAt =
      (to: string): Read =>
      (options) =>
        inParallel(options, async (index) => {
          const beganMs = performance.now()
          await send(agent, to, { headers, body: bodies[index % bodies.length] })
          options.took?.(performance.now() - beganMs)
        })
    return await work({
      postgresUrl: postgres.url,
      read: { keywell: readAt(`${url}/v1/credentials`), bare: readAt(`${bareUrl}/bare`) },
    })
  } finally {
    agent.destroy()
    if (server.connected) {
      const gone = once(server, 'exit')
      server.disconnect()
      await gone
    }
    await postgres.stop()
  }
}

function forkServer(url: string): ChildProcess {
  const path = fileURLToPath(new URL('cold-read-server.ts', import.meta.url))
  const { flags, main } = runnable(path)
  return fork(main, [url], {
    execArgv: flags,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

async function inParallel(
  { times, atOnce }: { times: number; atOnce: number },
  run: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < times) {
      next += 1
      await run(next)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** `fetch` would cost more than what is measured. */
function send(
  agent: Agent,
  url: string,
  { headers, body }: { headers: Record<string, string>; body: string | undefined },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method: 'POST', headers }, (answer) => {
      answer.resume()
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve()
        else reject(new Error(`${url} answered ${answer.statusCode}`))
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
