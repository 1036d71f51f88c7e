/**
 * What the service sends to GitLab, from consent to withdrawal. The lines were written down when GitLab was described by
 * functions, and are the same now that its definition is data.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { freePort } from './support/free-port.ts'
import { Person } from './support/person.ts'
import { createStage, mira, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

/** Values that are the same in every run; of others the name is enough. */
const told = new Set([
  'grant_type',
  'scope',
  'token_type_hint',
  'response_type',
  'code_challenge_method',
])
const headers = ['accept', 'authorization', 'content-type', 'private-token']

function form(text: string): string {
  const fields = [...new URLSearchParams(text)].map(([name, value]) =>
    told.has(name) ? `${name}=${value}` : name,
  )
  return fields.toSorted().join(' ')
}

const asForm = 'content-type: application/x-www-form-urlencoded;charset=UTF-8'
const asJson = 'accept: application/json'

/** Place, parameters of the address, headers, and fields of the form; the values of those that are the same each time. */
const asBefore: Readonly<Record<string, readonly string[]>> = {
  authorize: [
    '/oauth/authorize | client_id code_challenge code_challenge_method=S256 redirect_uri response_type=code scope=read_api state',
  ],
  connect: [
    `POST /oauth/token | ${asJson} | ${asForm} | client_id client_secret code code_verifier grant_type=authorization_code redirect_uri`,
    `GET /api/v4/user | ${asJson} | authorization: Bearer`,
  ],
  renew: [
    `POST /oauth/token | ${asJson} | ${asForm} | client_id client_secret grant_type=refresh_token refresh_token`,
  ],
  probe: [`GET /oauth/token/info | ${asJson} | authorization: Bearer`],
  withdraw: [`POST /oauth/revoke | accept: */* | ${asForm} | client_id client_secret token`],
  key: [
    `GET /api/v4/personal_access_tokens/self | ${asJson} | authorization: Bearer`,
    `GET /api/v4/user | ${asJson} | authorization: Bearer`,
  ],
  'key probe': [`GET /api/v4/personal_access_tokens/self | ${asJson} | authorization: Bearer`],
}

/** Passes everything on, and writes down what is no page of GitLab's. */
async function record(port: number): Promise<{ origin: string; lines: string[]; stop(): void }> {
  const lines: string[] = []
  async function pass(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of from) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const { method = '', url = '' } = from
    const [path = '', query] = url.split('?')
    if (/^\/(oauth\/(token|revoke|introspect)|api)/.test(path)) {
      const shown = headers.flatMap((name) => {
        const value = from.headers[name]
        if (typeof value !== 'string') return []
        return [`${name}: ${name === 'authorization' ? value.split(' ')[0] : value}`]
      })
      lines.push(
        [`${method} ${path}`, query && form(query), ...shown, form(`${body}`)]
          .filter(Boolean)
          .join(' | '),
      )
    }
    const passed = request({ port, method, path: url, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(to)
    })
    passed.on('error', () => to.destroy())
    passed.end(body)
  }
  const server = createServer((from, to) => void pass(from, to))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: own } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${own}`,
    lines,
    stop: () => void server.close().closeAllConnections(),
  }
}

const due = (stage: Stage, column: 'refresh_at' | 'probe_at') =>
  stage.database.query(`update refresh_schedule set ${column} = now() where tenant_id = $1`, [
    mira.tenantId,
  ])

verifies('providers:gitlab-unchanged', async () => {
  const port = await freePort()
  const gitlab = await record(port)
  const stage = await createStage(await openEmbedded(), {
    sandboxAt: { port, publicUrl: gitlab.origin },
    timing: {
      pollMs: 40,
      sweepMs: 100,
      recheckAfterMs: 50,
      confirmAfterMs: 100,
      incidentWindowMs: 0,
    },
  })
  const steps: Record<string, string[]> = {}
  const step = async (name: string, act: () => Promise<unknown>) => {
    gitlab.lines.length = 0
    await act()
    // Health is looked at when the service has a moment: once more is no difference.
    steps[name] = [...new Set(gitlab.lines)]
  }
  try {
    const person = new Person()
    const page = await stage.start(person, await stage.flow(await stage.session(mira)))
    const { pathname, searchParams } = page.url
    steps.authorize = [`${pathname} | ${form(`${searchParams}`)}`]
    await step('connect', () => stage.connect())
    const read = () => stage.read()
    await step('renew', async () => {
      await due(stage, 'refresh_at')
      await until('renewed', async () => Number(Object(must(await read(), 200)).generation) > 1)
    })
    await step('probe', async () => {
      await due(stage, 'probe_at')
      await until('probed', async () => gitlab.lines.length > 0)
    })
    const id = async () => {
      const path = `/v1/connections?tenantId=${mira.tenantId}`
      const list = must(await stage.call<{ connections: { id: string }[] }>('GET', path), 200)
      return list.connections[0]?.id ?? ''
    }
    const remove = async () =>
      must(
        await stage.call('DELETE', `/v1/connections/${await id()}?${new URLSearchParams(mira)}`),
        200,
      )
    await step('withdraw', remove)
    const { value } = await stage.sandbox.control.issuePersonalAccessToken({
      username: 'ada',
      scopes: ['read_api'],
    })
    await step('key', async () => {
      const credential = { type: 'api_key', value }
      const body = { provider: 'gitlab', host: gitlab.origin, ...mira, credential }
      must(await stage.call('POST', '/v1/connections', body), 201)
    })
    await step('key probe', async () => {
      await due(stage, 'probe_at')
      await until('probed', async () => gitlab.lines.length > 0)
    })
    expect(steps).toEqual(asBefore)
  } finally {
    await stage.stop()
    gitlab.stop()
  }
})
