/**
 * What a flood of event streams does to those who read credentials: one connect token opens as many as it
 * can. The service runs in a process of its own, on Postgres; the flood and the readers are in this one.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type ClientRequest, get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { startPostgres } from '../support/postgres.ts'
import { runnable } from '../support/runnable.ts'
import { isShort, quantile } from './contest.ts'
import type { Bench, Figure } from './figure.ts'

const asked = isShort ? 100 : 1_500
/** Streams that one connect session may have of one flow. */
const bound = 4
const reads = isShort ? 100 : 2_000
/** Readers at once, each with the next read as soon as it was answered. */
const readers = 4

const started = z.object({ url: z.string(), apiKey: z.string() })
const watched = z.object({ flowUrl: z.string(), connectToken: z.string() })
const who = { tenantId: 'ten_streams', userId: 'usr_streams' }

export const streams: Bench = [flooded]

async function flooded(): Promise<readonly Figure[]> {
  const postgres = await startPostgres({ durable: true })
  const path = fileURLToPath(new URL('streams-server.ts', import.meta.url))
  const { flags, main } = runnable(path)
  const server = fork(main, [postgres.url], {
    execArgv: flags,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    const { url, apiKey } = started.parse(await answerOf(server))
    server.send(who)
    const flow = watched.parse(await answerOf(server))
    const read = () => readCredential(url, apiKey)
    await measure(read) // what is slow only once is not what is compared
    const quiet = await measure(read)
    const opening = Promise.all(Array.from({ length: asked }, () => openStream(flow)))
    const beside = await measure(read)
    const opened = await opening
    const after = await measure(read)
    const open = opened.filter(({ status }) => status === 200)
    for (const { close } of opened) close()
    const p99 = quantile(quiet, 0.99)
    const ratio = (name: string, some: readonly number[]): Figure => ({
      name,
      value: quantile(some, 0.99) / p99,
      unit: 'x',
      goal: 1.5,
      better: 'lower',
    })
    return [
      {
        name: `of ${asked} streams of one token, not refused`,
        value: open.length,
        unit: 'streams',
        goal: bound,
        better: 'lower',
      },
      {
        name: 'a credential read, quiet, p99',
        value: p99,
        unit: 'ms',
        goal: null,
        better: 'lower',
      },
      ratio('the same while all are asked for, p99, to the quiet one', beside),
      ratio('the same beside those that are open, p99, to the quiet one', after),
    ]
  } finally {
    if (server.connected) {
      const gone = once(server, 'exit')
      server.disconnect()
      await gone
    }
    await postgres.stop()
  }
}

/** Milliseconds of each of many reads. */
async function measure(read: () => Promise<void>): Promise<number[]> {
  const taken: number[] = []
  const reader = async () => {
    while (taken.length < reads) {
      const beganMs = performance.now()
      await read()
      taken.push(performance.now() - beganMs)
    }
  }
  await Promise.all(Array.from({ length: readers }, reader))
  return taken
}

async function readCredential(url: string, apiKey: string): Promise<void> {
  const answer = await fetch(`${url}/v1/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'gitlab', ...who }),
  })
  if (answer.status !== 200) throw new Error(`a read was answered ${answer.status}`)
  await answer.arrayBuffer()
}

async function openStream({
  flowUrl,
  connectToken,
}: z.output<typeof watched>): Promise<{ status: number; close(): void }> {
  const request: ClientRequest = get(flowUrl, {
    agent: new Agent(),
    headers: { authorization: `Bearer ${connectToken}`, accept: 'text/event-stream' },
  })
  const [response] = await once(request, 'response')
  request.on('error', () => {}) // closed by us
  response.resume()
  return { status: response.statusCode, close: () => request.destroy() }
}

async function answerOf(server: ChildProcess): Promise<unknown> {
  const stop = new AbortController()
  const { signal } = stop
  const died = once(server, 'exit', { signal }).then(() =>
    Promise.reject(new Error('the service died')),
  )
  try {
    const [answer]: unknown[] = await Promise.race([once(server, 'message', { signal }), died])
    return answer
  } finally {
    stop.abort()
    died.catch(() => {})
  }
}
