/**
 * How fast a withdrawal reaches every holder of the credential, and what an open stream costs.
 * The service runs in a process of its own, on Postgres; its readers are in this one.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type ClientRequest, get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { type CredentialQuery, Keywell } from '@keywell/sdk'
import { z } from 'zod'
import { startPostgres } from '../support/postgres.ts'
import { runnable } from '../support/runnable.ts'
import { quantile } from './contest.ts'
import type { Bench, Figure } from './figure.ts'

const rounds = Number(process.env.BENCH_ROUNDS ?? 40)
const clients = 50
const streams = rounds < 10 ? 100 : 1_000
/** Short, so that the bench is; the default is 60 s. */
const maxStaleMs = 2_000

const started = z.object({ url: z.string(), apiKey: z.string() })
const connected = z.object({ connectionId: z.string() })
const weighed = z.object({ bytes: z.number() })

/** The service in its process, and what the bench needs of it. */
interface Service {
  url: string
  apiKey: string
  connect(who: { tenantId: string; userId: string }): Promise<string>
  disconnect(connectionId: string, tenantId: string): Promise<void>
  /** Bytes that are in use. */
  memory(): Promise<number>
}

export const push: Bench = [() => withService(pushed), () => withService(cut)]

async function pushed(service: Service): Promise<readonly Figure[]> {
  const few = await withdrawn(service, rounds, () => Promise.resolve())
  const before = await service.memory()
  const open = await Promise.all(Array.from({ length: streams }, () => openStream(service)))
  const after = await service.memory()
  const arrivedMs: number[] = []
  const many = await withdrawn(service, rounds, async (beganMs) => {
    await Promise.all(open.map((stream) => stream.changed()))
    arrivedMs.push(performance.now() - beganMs)
  })
  for (const stream of open) stream.close()
  return [
    ms(`withdrawn → last of ${clients} SDK clients stops, p50`, quantile(few, 0.5), null),
    ms(`withdrawn → last of ${clients} SDK clients stops, p99`, quantile(few, 0.99), 1_000),
    ms(`the same with ${streams} more streams open, p99`, quantile(many, 0.99), 1_000),
    ms(`withdrawn → last of ${streams} streams receives it, p99`, quantile(arrivedMs, 0.99), 1_000),
    kB('an open stream, heap and buffers', (after - before) / streams / 1_000),
  ]
}

/** Milliseconds from the call that disconnects to the last client that drops the credential, per round. */
async function withdrawn(
  service: Service,
  times: number,
  others: (beganMs: number) => Promise<void>,
): Promise<number[]> {
  const holders = Array.from({ length: clients }, () => new Holder(service))
  const taken: number[] = []
  for (let round = 0; round < times; round += 1) {
    const who = { tenantId: `ten_${times}_${round}`, userId: 'usr_push' }
    const connectionId = await service.connect(who)
    const query = { provider: 'gitlab', ...who }
    await Promise.all(holders.map((holder) => holder.hold(query)))
    const beganMs = performance.now()
    const stopped = Promise.all(holders.map((holder) => holder.stopped(connectionId)))
    const othersDone = others(beganMs)
    await service.disconnect(connectionId, who.tenantId)
    const last = Math.max(...(await stopped))
    taken.push(last - beganMs)
    await othersDone
    if (holders.some(({ keywell }) => keywell.getCredentialSync(query) !== undefined)) {
      throw new Error('a withdrawn credential is still served')
    }
  }
  for (const { keywell } of holders) keywell.close()
  return taken
}

/** An SDK that reports when it dropped a credential. */
class Holder {
  readonly keywell: Keywell
  readonly #dropped = new Map<string, (atMs: number) => void>()
  #answers = 0

  constructor({ url, apiKey }: Service) {
    this.keywell = new Keywell({
      url,
      apiKey,
      hooks: {
        onRefresh: () => {
          this.#answers += 1
        },
        onEvict: ({ connectionId }) => this.#dropped.get(connectionId)?.(performance.now()),
      },
    })
  }

  /** Reads it, and waits until the stream covers it. */
  async hold(query: CredentialQuery): Promise<void> {
    const isFirst = this.#answers === 0
    await this.keywell.getCredential(query)
    // Once the stream is up, what was read before is looked at again.
    while (isFirst && this.#answers < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  stopped(connectionId: string): Promise<number> {
    return new Promise((resolve) => this.#dropped.set(connectionId, resolve))
  }
}

/**
 * With the stream cut and the service away, only the bound ends what is held: the last time that the
 * service validated it, and `maxStaleMs`. What is more than that is overshoot.
 */
async function cut(service: Service): Promise<readonly Figure[]> {
  const who = { tenantId: 'ten_cut', userId: 'usr_cut' }
  const query = { provider: 'gitlab', ...who }
  const connectionId = await service.connect(who)
  const served: number[] = []
  for (let round = 0; round < Math.min(rounds, 5); round += 1) {
    // Neither stream nor log: the read is the last answer.
    let isCut = false
    const keywell = new Keywell({
      url: service.url,
      apiKey: service.apiKey,
      maxStaleMs,
      fetch: (url, init) =>
        isCut || String(url).includes('/v1/changes')
          ? Promise.reject(new TypeError('cut'))
          : fetch(url, init),
    })
    const beganMs = performance.now()
    await keywell.getCredential(query)
    isCut = true
    let lastMs = beganMs
    while (keywell.getCredentialSync(query) !== undefined) {
      lastMs = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    served.push(lastMs - beganMs)
    keywell.close()
  }
  await service.disconnect(connectionId, who.tenantId)
  return [
    ms(
      `cut off with maxStaleMs ${maxStaleMs}: still served after the last answer`,
      Math.max(...served),
      maxStaleMs,
    ),
  ]
}

interface RawStream {
  /** Resolves at the next change. */
  changed(): Promise<void>
  close(): void
}

/** A stream as bytes: an SDK would weigh more than what is measured. */
async function openStream({ url, apiKey }: Service): Promise<RawStream> {
  const request: ClientRequest = get(`${url}/v1/changes`, {
    agent: new Agent(),
    headers: { authorization: `Bearer ${apiKey}` },
  })
  let onChange = () => {}
  const [response] = await once(request, 'response')
  await new Promise<void>((resolve) => {
    response.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('event: hello')) resolve()
      if (text.includes('event: change')) onChange()
    })
  })
  request.on('error', () => {}) // closed by us
  return {
    changed: () =>
      new Promise((resolve) => {
        onChange = resolve
      }),
    close: () => request.destroy(),
  }
}

async function withService<Result>(work: (service: Service) => Promise<Result>): Promise<Result> {
  const postgres = await startPostgres({ durable: true })
  const server = forkServer(postgres.url)
  try {
    const { url, apiKey } = started.parse(await answerOf(server))
    const ask = async (message: 'memory' | object) => {
      const answer = answerOf(server)
      server.send(message)
      return answer
    }
    return await work({
      url,
      apiKey,
      connect: async (who) => connected.parse(await ask(who)).connectionId,
      memory: async () => weighed.parse(await ask('memory')).bytes,
      async disconnect(connectionId, tenantId) {
        const answer = await fetch(`${url}/v1/connections/${connectionId}?tenantId=${tenantId}`, {
          method: 'DELETE',
          headers: { authorization: `Bearer ${apiKey}` },
        })
        if (!answer.ok) throw new Error(`disconnect answered ${answer.status}`)
      },
    })
  } finally {
    if (server.connected) {
      const gone = once(server, 'exit')
      server.disconnect()
      await gone
    }
    await postgres.stop()
  }
}

function forkServer(url: string): ChildProcess {
  const path = fileURLToPath(new URL('push-server.ts', import.meta.url))
  const { flags, main } = runnable(path)
  return fork(main, [url], {
    execArgv: flags,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
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

function ms(name: string, value: number, goal: number | null): Figure {
  return { name, value, unit: 'ms', goal, better: 'lower' }
}

function kB(name: string, value: number): Figure {
  return { name, value, unit: 'kB', goal: null, better: 'lower' }
}
