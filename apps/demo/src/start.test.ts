import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { portNames } from './start/plan.ts'

// `npm start` itself: three programs, an empty folder, free ports, and nothing else.

const root = fileURLToPath(new URL('../../..', import.meta.url))
const startTimeoutMs = 120_000
let home: string
let ports: Record<string, string>
const running: ChildProcess[] = []

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'demo-start-'))
  const free = await freePorts(portNames.length)
  ports = Object.fromEntries(portNames.map((name, index) => [name, String(free[index])]))
})

afterAll(() => {
  for (const child of running) child.kill('SIGKILL') // the others hang on it, and go with it
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
})

/** Held together, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  // A TCP server has an address of this form.
  const numbers = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return numbers
}

interface Run {
  process: ChildProcess
  output: () => string
  /** Exit code, and signal if there was one. */
  exited: Promise<unknown[]>
}

function start(environment: Record<string, string> = {}): Run {
  const flags = ['--conditions=@keywell/source', '--import', 'tsx']
  const child = spawn(process.execPath, [...flags, 'apps/demo/src/start.ts'], {
    cwd: root,
    // A developer's own settings for another installation must not reach this one.
    env: {
      ...process.env,
      DATABASE_URL: 'postgres://nowhere',
      KEYWELL_HOME: home,
      ...ports,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return { process: child, output: () => output, exited: once(child, 'exit') }
}

async function startAndWait(): Promise<Run> {
  const run = start()
  const ready = expect
    .poll(run.output, { timeout: startTimeoutMs, interval: 100 })
    .toContain('Keywell is running')
  await Promise.race([ready, run.exited.then(() => Promise.reject(new Error(run.output())))])
  return run
}

const url = (port: string, host = 'localhost') => `http://${host}:${ports[port]}`

async function isUp(address: string): Promise<boolean> {
  return fetch(address).then(
    (response) => response.ok,
    () => false,
  )
}

const providers = ['github', 'bitbucket', 'azure-devops', 'buildkite', 'algolia']
const portOf = (provider: string) => `${provider.toUpperCase().replace('-', '_')}_PORT`

const addresses = () => [
  `${url('KEYWELL_PORT', '127.0.0.1')}/readyz`,
  `${url('SANDBOX_PORT')}/users/sign_in`,
  `${url('SELF_MANAGED_PORT')}/gitlab/users/sign_in`,
  ...providers.map((name) => `${url(portOf(name))}/`),
  `${url('DEMO_PORT')}/`,
]

test('starts from nothing, stops without a trace, starts again with everything', {
  timeout: 4 * startTimeoutMs,
}, async () => {
  const first = await startAndWait()
  for (const address of addresses()) expect([address, await isUp(address)]).toEqual([address, true])
  expect(first.output()).toContain('registered with Keywell')

  const keyFile = join(home, 'api-key')
  const apiKey = readFileSync(keyFile, 'utf8').trim()
  expect(statSync(keyFile).mode & 0o777).toBe(0o600)
  expect(first.output()).toContain('api-key)')
  expect(first.output()).not.toContain(apiKey)
  const before = await integrations(apiKey)
  // Users of Algolia paste a key, so that nothing is registered there.
  expect(before).toHaveLength(6)
  for (const provider of providers.slice(0, 4)) {
    expect(before).toContainEqual(expect.objectContaining({ provider, status: 'active' }))
  }
  for (const provider of providers) {
    expect(first.output()).toContain(`    ${url(portOf(provider))}    a stand-in for`)
  }
  for (const host of [url('SANDBOX_PORT'), `${url('SELF_MANAGED_PORT')}/gitlab`]) {
    expect(before).toContainEqual(expect.objectContaining({ host, status: 'active' }))
    expect(first.output()).toContain(`    ${host}    `)
  }

  first.process.kill('SIGTERM')
  expect(await first.exited).toEqual([0, null])
  for (const address of addresses())
    expect([address, await isUp(address)]).toEqual([address, false])

  const second = await startAndWait()
  expect(second.output()).not.toContain('registered with Keywell')
  expect(await integrations(apiKey)).toEqual(before)

  // A third one finds its ports taken, says so, and touches nothing.
  const third = start()
  expect(await third.exited).toEqual([1, null])
  expect(third.output()).toContain('Is Acme running already')
  expect(third.output()).toMatch(/KEYWELL_PORT=\d+ .* npm start/)
  for (const address of addresses()) expect([address, await isUp(address)]).toEqual([address, true])

  second.process.kill('SIGINT')
  expect(await second.exited).toEqual([0, null])
})

test('when one part cannot start, the others stop, and its log is quoted', {
  timeout: startTimeoutMs,
}, async () => {
  // Where the service wants its folder there is a file; the stand-in has no such trouble.
  const broken = join(home, 'broken')
  mkdirSync(broken)
  writeFileSync(join(broken, 'service'), '')
  const run = start({ KEYWELL_HOME: broken })
  expect(await run.exited).toEqual([1, null])
  expect(run.output()).toContain('Keywell service stopped')
  expect(run.output()).toContain(join(broken, 'logs', 'service.log'))
  for (const address of addresses())
    expect([address, await isUp(address)]).toEqual([address, false])
})

async function integrations(apiKey: string): Promise<unknown[]> {
  const response = await fetch(`${url('KEYWELL_PORT', '127.0.0.1')}/v1/integrations`, {
    headers: { authorization: `Bearer ${apiKey}` },
  })
  const body = await response.json()
  return body.integrations
}
