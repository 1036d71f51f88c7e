/** The apps of the documentation's examples run as they stand, each on its framework, with the real service. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { SessionAnswer } from '@keywell/protocol'
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest'
import { sessionCookie } from '../apps/docs/examples/session.ts'
import { root } from './packaging/run.ts'
import { openEmbedded } from './support/databases.ts'
import { freePort } from './support/free-port.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

// Processes of their own; they take what a busy machine leaves them.
vi.setConfig({ testTimeout: 120_000 })

const sessionSecret = 'the secret of the examples'
let stage: Stage
beforeAll(async () => {
  stage = await createStage(await openEmbedded())
})
afterAll(() => stage.stop())

type Send = (path: string, init?: RequestInit) => Promise<Response>

const settings = () => ({
  KEYWELL_URL: stage.url,
  KEYWELL_API_KEY: stage.apiKey,
  KEYWELL_APP_ORIGIN: appOrigin,
  SESSION_SECRET: sessionSecret,
  NODE_ENV: 'production',
})

/** As its first line says it is run. */
async function startProgram(name: string): Promise<Send> {
  const port = await freePort()
  const path = join(root, 'apps/docs/examples', name)
  const args = ['--import', 'tsx', '--conditions=@keywell/source', path]
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, PORT: String(port), ...settings() },
  })
  onTestFinished(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const send: Send = (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init)
  const isUp = () =>
    send('/projects').then(
      ({ status }) => status === 401,
      () => child.exitCode !== null,
    )
  await until(`${name} answers`, isUp)
  expect(child.exitCode).toBeNull()
  return send
}

/** Its route handlers, called as Next calls them; Next itself runs in another test. */
async function startNext(): Promise<Send> {
  for (const [name, value] of Object.entries(settings())) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const handlers = await import('../apps/docs/examples/next/app/api/keywell/[...path]/route.ts')
  const projects = await import('../apps/docs/examples/next/app/projects/route.ts')
  const { keywell } = await import('../apps/docs/examples/next/keywell.ts')
  onTestFinished(() => keywell().close())
  return (path, init) => {
    const request = new Request(`http://localhost:3000${path}`, init)
    if (path === '/projects') return projects.GET(request)
    return handlers[request.method as keyof typeof handlers](request)
  }
}

const examples: [string, () => Promise<Send>][] = [
  ['Express', () => startProgram('express.ts')],
  ['Hono', () => startProgram('hono.ts')],
  ['Fastify', () => startProgram('fastify.ts')],
  ['Next', startNext],
]

verifies.each('docs:examples', examples, async ([name, start]) => {
  vi.stubEnv('SESSION_SECRET', sessionSecret)
  onTestFinished(() => void vi.unstubAllEnvs())
  const send = await start()
  const userId = `usr_${name.toLowerCase()}`
  const cookie = sessionCookie(userId)
  const json = { 'content-type': 'application/json' }

  // No user is signed in, or a request says so without proof.
  for (const forged of [
    '',
    `session=${userId}.${'0'.repeat(64)}`,
    cookie.replace(userId, 'usr_b'),
  ]) {
    const refused = await send('/api/keywell/connections', { headers: { cookie: forged } })
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ code: 'unauthorized' })
  }
  const before = await send('/api/keywell/connections', { headers: { cookie } })
  expect(await before.json()).toEqual({ connections: [], nextCursor: null })

  const ask = (origin: string, body: string) => {
    const headers = { ...json, cookie, origin, 'x-forwarded-host': 'evil.example' }
    return send('/api/keywell/session', { method: 'POST', headers, body })
  }
  expect(await (await ask('https://evil.example', '{}')).json()).toMatchObject({
    code: 'origin_not_allowed',
  })
  const opened = await ask(appOrigin, '{}')
  expect(opened.status).toBe(201)
  const flow = await stage.flow((await opened.json()) as SessionAnswer)

  // The user consents, and comes back to the app.
  const person = new Person()
  const page = await stage.start(person, flow)
  const { url } = await stage.callback(person, await stage.consent(page))
  expect(url.origin).toBe(appOrigin)
  const finished = await send(url.pathname + url.search, { headers: { cookie } })
  expect(await finished.text()).toContain('is connected')

  const listed = await send('/api/keywell/connections', { headers: { cookie } })
  const { connections } = await listed.json()
  expect(connections).toMatchObject([{ userId, status: 'active' }])
  const projects = await send('/projects', { headers: { cookie } })
  expect(projects.status).toBe(200)
  expect(await projects.json()).toBeInstanceOf(Array)

  const removed = await send(`/api/keywell/connections/${connections[0].id}`, {
    method: 'DELETE',
    headers: { cookie, origin: appOrigin },
  })
  expect(await removed.json()).toMatchObject({ connection: { status: 'disconnected' } })
})
