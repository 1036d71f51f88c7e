/** A provider of an operator's own: a file that is dropped into a folder, while two replicas run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile } from '@keywell/server'
import { afterAll, beforeAll, expect } from 'vitest'
import { launchBrowser } from './support/browser.ts'
import { buildPage, servePage } from './support/built-page.ts'
import { type CreatedDatabase, createDatabase } from './support/databases.ts'
import { openCreated, type TestDatabase } from './support/inspected.ts'
import {
  clientId,
  clientSecret,
  type OtherProvider,
  startOtherProvider,
} from './support/other-provider.ts'
import { Person } from './support/person.ts'
import { runService, type ServiceProcess, startService } from './support/service-process.ts'
import { appOrigin, must } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const provider = 'acme-notes'
const who = { tenantId: 'ten_own', userId: 'usr_own' }
const home = mkdtempSync(join(tmpdir(), 'keywell-own-providers-'))
const folder = join(home, 'providers')

let other: OtherProvider
let created: CreatedDatabase
let database: TestDatabase
let environment: Record<string, string>
let replicas: ServiceProcess[] = []
let apiKey: string

beforeAll(async () => {
  mkdirSync(folder)
  createKeyFile(join(home, 'root-keys'))
  other = await startOtherProvider()
  created = await createDatabase()
  database = await openCreated(created)
  environment = {
    DATABASE_URL: created.appUrl,
    KEYWELL_KEY_FILE: join(home, 'root-keys'),
    KEYWELL_ALLOW_HOSTS: `${other.signIn},${other.api}`,
    KEYWELL_PROVIDERS_DIR: folder,
  }
  const making = runService(
    ['api-keys', 'create', 'first', '--role', 'admin', '--role', 'backend'],
    environment,
  )
  await making.exited
  apiKey = /\bkw_\S+/.exec(making.output())?.[0] ?? ''
  replicas = await Promise.all([startService(environment), startService(environment)])
}, 120_000)
afterAll(async () => {
  for (const replica of replicas) await replica.stop()
  await other.stop()
  await database.close()
  await created.drop()
  rmSync(home, { recursive: true })
})

async function send<Body>(
  path: string,
  init: { method?: string; key?: string; body?: unknown; at?: ServiceProcess | undefined } = {},
): Promise<{ status: number; headers: Headers; body: Body }> {
  const { method = 'GET', key = apiKey, body, at = replicas[0] } = init
  const response = await fetch(`${at?.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(key === apiKey ? {} : { origin: appOrigin }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Body,
  }
}

type Listed = { providers: { name: string; title: string }[] }

const listAt = async (at: ServiceProcess) =>
  must(await send<Listed>('/v1/providers', { at }), 200).providers

async function isListed(at: ServiceProcess): Promise<boolean> {
  return (await listAt(at)).some(({ name }) => name === provider)
}

const newSession = async () =>
  must(
    await send<{ connectToken: string; sessionId: string }>('/v1/connect/sessions', {
      method: 'POST',
      body: { ...who, origins: [appOrigin], returnUrl: `${appOrigin}/connected` },
    }),
    201,
  )

async function connect(): Promise<{ id: string; account: { name: string } }> {
  const { connectToken } = await newSession()
  const options = must(await send<Listed>('/connect/providers', { key: connectToken }), 200)
  expect(options.providers).toContainEqual(
    expect.objectContaining({ name: provider, title: 'Acme Notes' }),
  )
  const flow = must(
    await send<{ startUrl: string; startCode: string }>('/connect/flows', {
      method: 'POST',
      key: connectToken,
      body: { provider },
    }),
    201,
  )
  const { url } = await new Person().visit(flow.startUrl, {
    init: {
      method: 'POST',
      body: new URLSearchParams({ start_code: flow.startCode }),
      headers: { origin: appOrigin },
    },
    stopAt: (to) => to.origin === appOrigin,
  })
  const back = url.hash ? new URLSearchParams(url.hash.slice(1)) : url.searchParams
  const confirmed = await send<{ connection: { id: string; account: { name: string } } }>(
    `/v1/connect/sessions/${back.get('keywell_session')}/confirm`,
    {
      method: 'POST',
      body: { flowId: back.get('keywell_flow'), ticket: back.get('keywell_ticket'), ...who },
    },
  )
  return must(confirmed, 200).connection
}

/** Another user connects by the React kit, in a browser. Answers the kit's words for the account. */
async function connectByKit(): Promise<string> {
  const { mark } = other.definition
  const service = { url: replicas[0]?.url ?? '', apiKey }
  const app = await servePage(service, await buildPage('own-provider.html'), {
    index: 'own-provider.html',
    signedIn: () => ({ tenantId: who.tenantId, userId: 'usr_page' }),
  })
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    await page.goto(`${app.url}/?provider=${provider}`)
    const button = page.getByRole('button', { name: 'Connect Acme Notes' }).first()
    await button.locator(`svg[fill="${mark?.color}"] path[d="${mark?.path}"]`).waitFor()
    await Promise.all([page.waitForEvent('popup'), button.click()])
    const row = page.locator('[data-keywell-connection]')
    await row.locator(`svg[fill="${mark?.color}"]`).waitFor()
    await row.getByText('Acme Notes').waitFor()
    return (await page.locator('[data-keywell-button][data-state="connected"]').textContent()) ?? ''
  } finally {
    await browser.close()
    app.stop()
  }
}

const read = (at?: ServiceProcess) =>
  send<{ credential: string; generation: number }>('/v1/credentials', {
    method: 'POST',
    at,
    body: { provider, ...who },
  })

const due = (column: 'refresh_at' | 'probe_at') =>
  database.query(`update refresh_schedule set ${column} = now() where tenant_id = $1`, [
    who.tenantId,
  ])

verifies(
  'custom:by-file',
  async () => {
    for (const replica of replicas) expect(await isListed(replica)).toBe(false)

    // Two files, one of which is broken. The good one is live on both replicas without a restart.
    writeFileSync(
      join(folder, 'broken.json'),
      JSON.stringify({ ...other.definition, auth: 'none' }),
    )
    writeFileSync(join(folder, 'acme.json'), JSON.stringify(other.definition))
    for (const replica of replicas) await until('listed', () => isListed(replica))
    for (const { output } of replicas) {
      await until('named in the log', () => output().includes('"msg":"provider file refused"'))
      expect(output()).toMatch(
        /"alarm":"provider_file_refused","file":"broken\.json","pointer":"\/auth"/,
      )
    }

    // As for any provider: an app is registered, a user connects, and an app reads.
    const integration = must(
      await send<{ id: string }>('/v1/integrations', {
        method: 'POST',
        body: { provider, scopes: ['notes:read', 'notes:write'] },
      }),
      201,
    )
    const client = { clientId, clientSecret }
    const path = `/v1/integrations/${integration.id}/client`
    must(await send(path, { method: 'PUT', body: client }), 200)
    const { id, account } = await connect()
    expect(account.name).toBe('Ada of Acme')
    for (const replica of replicas) {
      expect(must(await read(replica), 200).credential).toBe(other.grants[0]?.accessToken)
    }

    await due('refresh_at')
    await until('renewed', async () => must(await read(), 200).generation === 2)
    expect(other.asked.map(({ grantType }) => grantType)).toEqual([
      'authorization_code',
      'refresh_token',
    ])

    expect(await connectByKit()).toBe('Connected as Ada of Acme')

    const checkedAt = async () => {
      const rows = await database.query<{ at: string | null }>(
        'select health_checked_at::text as at from connections where tenant_id = $1',
        [who.tenantId],
      )
      return rows[0]?.at
    }
    const before = await checkedAt()
    await due('probe_at')
    await until('probed', async () => (await checkedAt()) !== before)

    // While something needs it, it stays without its file; and with a broken one.
    writeFileSync(join(folder, 'acme.json'), '{')
    await until('refused', () => /"file":"acme\.json"/.test(replicas[0]?.output() ?? ''))
    expect(await isListed(replicas[0] as ServiceProcess)).toBe(true)

    const gone = await send<{ upstream: string }>(
      `/v1/connections/${id}?${new URLSearchParams(who)}`,
      { method: 'DELETE' },
    )
    expect(must(gone, 200).upstream).toBe('revoked')
    expect(other.grants.map(({ ended }) => ended)).toEqual([true, false])
  },
  { timeout: 120_000 },
)

verifies(
  'custom:api-replicas',
  async () => {
    const [one, two] = replicas as [ServiceProcess, ServiceProcess]
    const name = 'acme-by-api'
    const titleAt = async (at: ServiceProcess) =>
      (await listAt(at)).find((each) => each.name === name)?.title
    const write = (method: string, title: string) =>
      send(`/v1/custom-providers${method === 'POST' ? '' : `/${name}`}`, {
        method,
        at: one,
        body: { definition: { ...other.definition, name, title } },
      })
    /** How long the other process takes, in milliseconds, from the answer on. */
    const lateness = async (title: string | undefined) => {
      expect(await titleAt(one), 'here at once').toBe(title)
      const answered = performance.now()
      await until('there, too', async () => (await titleAt(two)) === title)
      return performance.now() - answered
    }
    must(await write('POST', 'First'), 201)
    expect(await lateness('First')).toBeLessThan(2_000)

    // Its connection for notifications is cut off: it reads the change log without them.
    const cut = await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and query ilike 'listen %'`,
    )
    expect(cut.length).toBeGreaterThanOrEqual(2)
    must(await write('PUT', 'Second'), 200)
    expect(await lateness('Second')).toBeLessThan(2_000)

    // A file of the name counts before it, and it is back without the file.
    writeFileSync(
      join(folder, 'over.json'),
      JSON.stringify({ ...other.definition, name, title: 'By file' }),
    )
    for (const replica of replicas) {
      await until('by file', async () => (await titleAt(replica)) === 'By file')
    }
    rmSync(join(folder, 'over.json'))
    for (const replica of replicas) {
      await until('by the API', async () => (await titleAt(replica)) === 'Second')
    }
    must(await send(`/v1/custom-providers/${name}`, { method: 'DELETE', at: one }), 200)
    expect(await lateness(undefined)).toBeLessThan(2_000)
  },
  { timeout: 60_000 },
)

verifies(
  'custom:start',
  async () => {
    writeFileSync(
      join(folder, 'broken.json'),
      JSON.stringify({ ...other.definition, auth: 'none' }),
    )
    writeFileSync(join(folder, 'half.json'), '{')
    const run = runService([], { ...environment, PORT: '0' })
    expect(await run.exited).toBe(1)
    expect(run.output()).toContain('half.json: is not JSON')
    expect(run.output()).toContain('broken.json: /auth: ')
  },
  { timeout: 60_000 },
)
