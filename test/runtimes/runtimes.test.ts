/** The SDK in the runtimes that are not Node: their real binaries, against the real service. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { makeId } from '@keywell/protocol'
import { build, defaultServerConditions, type Rolldown } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../packaging/run.ts'
import { openEmbedded } from '../support/databases.ts'
import { createStage, type Stage } from '../support/stage.ts'
import { verifies } from '../support/verifies.ts'
import type { AppSettings } from './app.ts'
import { entries, workerdConfig } from './entries.ts'

const origin = 'http://app.example'
const webhookSecret = `whsec_${randomBytes(32).toString('base64')}`
const folder = mkdtempSync(join(tmpdir(), 'keywell-runtimes-'))

let stage: Stage
let tenants = 0

beforeAll(async () => {
  stage = await createStage(await openEmbedded())
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await stage.stop()
})

type Runtime = keyof typeof entries | 'edge'

/** Which files of a package a runtime's own bundler takes. */
const conditions: Record<Runtime, readonly string[]> = {
  bun: defaultServerConditions,
  deno: defaultServerConditions,
  workerd: ['workerd', 'worker', 'browser', 'module'],
  edge: ['edge-light', 'worker', 'module'],
}

/** The app and the SDK in one module. */
async function bundle(runtime: Runtime): Promise<string> {
  // With one entry and one format this is what `build` answers.
  const [output] = (await build({
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@keywell/source', ...conditions[runtime]] },
    build: {
      write: false,
      minify: false,
      rolldownOptions: { external: /^node:/, output: { codeSplitting: false } },
      lib: { entry: join(root, 'test/runtimes/app.ts'), formats: ['es'], fileName: 'app' },
    },
  })) as Rolldown.RolldownOutput[]
  return output?.output[0].code ?? ''
}

interface Running {
  readonly url: string
  stop(): Promise<void>
}

/** Starts a binary in a folder of its own, and waits for the port that it prints. */
async function start(name: keyof typeof entries): Promise<Running> {
  const home = mkdtempSync(join(folder, `${name}-`))
  const main = entries[name].replace('SETTINGS', JSON.stringify(settings()))
  writeFileSync(join(home, 'app.js'), await bundle(name))
  writeFileSync(join(home, 'main.js'), main)
  writeFileSync(join(home, 'config.capnp'), workerdConfig)
  const child = spawn(binary(name), argumentsFor[name], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    env: { HOME: home, PATH: process.env.PATH, NO_COLOR: '1' },
  })
  const port = await portOf(child, name)
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

const argumentsFor: Record<keyof typeof entries, string[]> = {
  bun: ['main.js'],
  deno: ['run', '--quiet', '--no-prompt', '--allow-net=127.0.0.1', '--allow-env', 'main.js'],
  workerd: ['serve', 'config.capnp', '--control-fd=3'],
}

/** In the package for this machine, since install scripts, which would put them elsewhere, do not run. */
function binary(name: keyof typeof entries): string {
  const scope = { bun: '@oven', deno: '@deno', workerd: '@cloudflare' }[name]
  const [own = ''] = readdirSync(join(root, 'node_modules', scope))
  const path = { bun: 'bin/bun', deno: 'deno', workerd: 'bin/workerd' }[name]
  return join(root, 'node_modules', scope, own, path)
}

async function portOf(child: ChildProcess, name: keyof typeof entries): Promise<number> {
  const input = name === 'workerd' ? child.stdio[3] : child.stdout
  if (input === null || input === undefined || !('read' in input)) throw new TypeError('no output')
  for await (const line of createInterface({ input })) {
    if (name !== 'workerd') return Number(line)
    const event: unknown = JSON.parse(line)
    if (typeof event === 'object' && event !== null && 'port' in event) return Number(event.port)
  }
  throw new Error(`${name} ended before it listened`)
}

/** Next's own sandbox for code of the edge runtime, behind a server of this process. */
async function startEdge(): Promise<Running> {
  const { EdgeRuntime } = createRequire(import.meta.url)('next/dist/compiled/edge-runtime')
  const app = await bundle('edge')
  const script = app.replace(/export \{ (\w+)(?: as createApp)? \};?\s*$/, 'globalThis.app = $1')
  const runtime = new EdgeRuntime({
    initialCode: `(() => {${script}})()
      const app = globalThis.app(${JSON.stringify(settings())})
      addEventListener('fetch', (event) => event.respondWith(app(event.request)))`,
  })
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray()
    const headers = Object.entries(request.headers).map(([key, value]) => [key, String(value)])
    const method = request.method ?? 'GET'
    const body = method === 'GET' ? {} : { body: Buffer.concat(chunks) }
    const answer = await runtime.dispatchFetch(`${origin}${request.url}`, {
      method,
      headers,
      ...body,
    })
    response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { url: `http://127.0.0.1:${port}`, stop: async () => void server.close() }
}

function settings(): AppSettings {
  return { url: stage.url, apiKey: stage.apiKey, webhookSecret, origin }
}

/** A message of a webhook, as the service sends it. */
function message() {
  const payload = { webhookId: makeId('webhook', randomBytes(10), Date.now()) }
  const body = JSON.stringify({
    type: 'webhook.test',
    timestamp: new Date().toISOString(),
    data: payload,
  })
  const id = makeId('message', randomBytes(10), Date.now())
  const sentAt = String(Math.floor(Date.now() / 1000))
  const key = Buffer.from(webhookSecret.slice('whsec_'.length), 'base64')
  const mac = createHmac('sha256', key).update(`${id}.${sentAt}.${body}`).digest('base64')
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': sentAt,
    'webhook-signature': `v1,${mac}`,
    'content-type': 'application/json',
  }
  return { method: 'POST', body, headers }
}

verifies.suite('sdk:runtimes', () => {
  describe.each(['bun', 'deno', 'workerd', 'edge'] as const)('%s', (name) => {
    let running: Running
    let tenantId: string
    beforeAll(async () => {
      tenants += 1
      tenantId = `ten_runtime_${tenants}`
      running = await (name === 'edge' ? startEdge() : start(name))
    })
    afterAll(() => running.stop())

    const ask = async (path: string, init?: RequestInit) => {
      const response = await fetch(`${running.url}${path}?tenant=${tenantId}`, init)
      const text = await response.text()
      return { status: response.status, body: text === '' ? null : JSON.parse(text) }
    }

    test('reads credentials, of many requests at once, and from memory', async () => {
      expect((await ask('/read')).body).toEqual({ ok: false, code: 'not_connected' })
      tenants += 1
      tenantId = `ten_runtime_${tenants}`
      await stage.connect({ who: { tenantId, userId: 'u' } })
      const many = await Promise.all(Array.from({ length: 5 }, () => ask('/read')))
      for (const { body } of many) expect(body).toMatchObject({ ok: true, generation: 1 })
      expect((await ask('/held')).body).toEqual({ held: true })
    })

    test('calls the provider', async () => {
      expect((await ask('/fetch')).body).toMatchObject({ status: 200, user: { username: 'ada' } })
    })

    test('serves the routes of the connect handler', async () => {
      const { status, body } = await ask('/api/keywell/connections')
      expect(status).toBe(200)
      expect(body.connections).toHaveLength(1)
      const headers = { origin, 'content-type': 'application/json' }
      const session = await ask('/api/keywell/session', { method: 'POST', body: '{}', headers })
      expect(session.status).toBe(201)
      expect(session.body.connectToken).toBeTypeOf('string')
    })

    test('checks webhooks', async () => {
      const sent = message()
      expect((await ask('/webhook', sent)).status).toBe(204)
      const changed = { ...sent, body: sent.body.replace('test', 'tost') }
      expect((await ask('/webhook', changed)).status).toBe(400)
    })

    if (name === 'bun' || name === 'deno') {
      test('learns of a withdrawal by the change stream', async () => {
        const { connections } = (await ask('/api/keywell/connections')).body
        const id = connections[0].id
        await ask('/read')
        await expect.poll(async () => (await ask('/held')).body.held).toBe(true)
        const path = `/v1/connections/${id}?tenantId=${tenantId}`
        expect((await stage.call('DELETE', path)).status).toBe(200)
        await expect.poll(async () => (await ask('/held')).body.held).toBe(false)
      })
    }
  })
})
