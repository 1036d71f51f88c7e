/** A self-managed GitLab under a relative root, with an integration of its own, beside another GitLab. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HostCheck } from '@keywell/protocol'
import { createSandbox, type Sandbox, type SandboxControl, sandboxControl } from '@keywell/sandbox'
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { freePort } from './support/free-port.ts'
import { createStage, must, registerGitLab, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const root = '/git/lab'
const who = { tenantId: 'ten_own_gitlab', userId: 'usr_own_gitlab' }

let stage: Stage
let own: Sandbox
let control: SandboxControl
let ownPort: number
/** What stands in front of the company's GitLab, as its web server does. */
const front = createServer((incoming, outgoing) => {
  calls.push(`${incoming.method} ${incoming.url?.replace(/\?.*/, '')}`)
  const { method, headers, url } = incoming
  const onward = request({ port: ownPort, path: url, method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  incoming.pipe(onward)
})
/** Each request that came to the company's web server, without its query. */
let calls: string[] = []

beforeAll(async () => {
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const { port } = front.address() as AddressInfo // listening on TCP, hence no string
  const origin = `http://127.0.0.1:${port}`
  ownPort = await freePort()
  own = await createSandbox({ port: ownPort, publicUrl: `${origin}${root}` })
  control = sandboxControl(own.controlUrl)
  stage = await createStage(await openEmbedded(), { privateHosts: [{ origin }] })
})
afterAll(async () => {
  await stage.stop()
  front.closeAllConnections()
  front.close()
  await own.stop()
})

/** What came to the company's web server during an act. */
async function during<Result>(act: () => Promise<Result>): Promise<[Result, string[]]> {
  calls = []
  const result = await act()
  return [result, [...new Set(calls)]]
}

const read = (more: object = {}) => stage.read({ ...who, host: own.url, ...more })

verifies('hosts:own-instance', async () => {
  const integration = { scopes: ['read_api', 'read_user'], tenantId: who.tenantId }
  await registerGitLab(stage, { url: own.url, control }, integration)
  await stage.calm()
  const session = await stage.session({ ...who, scopes: { gitlab: { required: ['read_api'] } } })
  // A person pastes the address of a project.
  const typed = { provider: 'gitlab', host: `${own.url}/ada/webshop/-/issues?scope=all` }
  const found = must(
    await stage.page<HostCheck>(session.connectToken, 'POST', '/connect/hosts', typed),
    200,
  )
  expect(found).toMatchObject({ host: own.url, status: 'ready' })

  const flow = { provider: 'gitlab', host: found.host, scopes: ['read_api'] }
  const [{ connection }, connecting] = await during(() => stage.connect({ who, flow }))
  expect(connection).toMatchObject({ host: own.url, status: 'active' })
  expect(connecting).toEqual(
    expect.arrayContaining([`GET ${root}/oauth/authorize`, `POST ${root}/oauth/token`]),
  )

  // The provider's clock moves, and the token has ended.
  await control.change({ clockOffsetMs: 3 * 3_600_000 })
  await stage.database.query(`update credentials set expires_at = now() where connection_id = $1`, [
    connection?.id ?? '',
  ])
  const [refreshed, refreshing] = await during(async () => {
    await until('a refreshed credential is read', async () => (await read()).body.generation === 2)
    return read()
  })
  expect(must(refreshed, 200)).toMatchObject({ generation: 2 })
  expect(refreshing).toEqual([`POST ${root}/oauth/token`])

  const [, probing] = await during(() => read({ minGeneration: 3 }))
  expect(probing).toEqual([`GET ${root}/oauth/token/info`])

  const [removed, revoking] = await during(() =>
    stage.call('DELETE', `/v1/connections/${connection?.id}?${new URLSearchParams(who)}`),
  )
  expect(removed.body).toMatchObject({ upstream: 'revoked' })
  expect(revoking).toEqual([`POST ${root}/oauth/revoke`])
  const alive = (await control.tokens()).filter(({ revokedAt }) => revokedAt === null)
  expect(alive).toEqual([])

  // The other GitLab, whose integration every tenant may use, was never called.
  expect((await stage.sandbox.control.counters()).calls).toEqual({})
})
