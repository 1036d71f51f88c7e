/** The walk of an app that an administrator installs: connected, renewed, suspended, withdrawn, removed. */
import { generateKeyPairSync } from 'node:crypto'
import type { Connection } from '@keywell/protocol'
import { type GitHub, visit } from '@keywell/sandbox'
import { expect } from 'vitest'
import { connectInBrowser } from './journey.ts'
import { must } from './stage.ts'
import { due, expectFailure, soon, type Walked, who } from './walk.ts'
import type { WalkedInstallation } from './walked-methods.ts'

type Walk = Omit<Walked<never>, 'at'> & { at: WalkedInstallation }

/** @throws Error at the first thing that is not as the stand-in's provider has it */
export async function walkInstallation(walked: Walk): Promise<void> {
  const { stage, definition, at } = walked
  const { github } = at
  const app = await integrateApp(walked)
  const connect = (connectionName = 'default', tamper = (back: URL) => back) =>
    connectInBrowser(stage, {
      provider: definition.name,
      who,
      session: { owner: 'tenant', methods: ['installation'] },
      flow: { connectionName },
      consent: async (page) => tamper(await visit(page, 'approve', { account: 'northwind' })),
    })

  expectFailure(await connect(), { code: 'provider_error', providerReason: 'client_rejected' })
  await app.setKey(app.privateKey)
  expectFailure(await connect('default', withoutId), {})
  expectFailure(await connect('default', asked), { providerReason: 'approval_pending' })
  const { status, connection } = await connect()
  expect({ status, account: connection?.account }).toMatchObject({
    status: 'connected',
    account: { id: at.accountId(), username: 'northwind', name: 'northwind' },
  })
  const id = connection?.id ?? ''
  const held = await expectHeld(walked)
  expect(Date.parse(held.expiresAt ?? '') - Date.now()).toBeGreaterThan(3_500_000)

  const { checkedAt } = await healthOf(walked, id)
  await due(stage, id, 'probe_at')
  await soon(walked, 'probed', async () => (await healthOf(walked, id)).checkedAt !== checkedAt)
  expect((await healthOf(walked, id)).status).toBe('ok')
  await due(stage, id, 'refresh_at')
  await soon(walked, 'renewed', async () => (await read(walked)).generation > held.generation)
  await expectHeld(walked)

  // Another token of the same installation is withdrawn, and the app stays installed.
  const second = await connect('second')
  const other = await read(walked, 'second')
  const path = `/v1/connections/${second.connection?.id}?${ofTenant}`
  const gone = must(await stage.call<{ upstream: string }>('DELETE', path), 200)
  expect(gone.upstream).toBe('revoked')
  expect(await at.takes(headersOf(other))).toBe(false)
  await expectHeld(walked)

  github.suspend(at.installation())
  await due(stage, id, 'refresh_at')
  await soon(walked, 'seen to be suspended', async () => {
    return (await healthOf(walked, id)).reason === 'suspended'
  })
  github.unsuspend(at.installation())
  await due(stage, id, 'refresh_at')
  await soon(walked, 'well again', async () => (await healthOf(walked, id)).status === 'ok')

  // Found by a probe, which asks with the token, and by a renewal, which asks as the app.
  for (const column of ['probe_at', 'refresh_at'] as const) {
    github.uninstall(at.installation())
    await soon(walked, 'found removed', async () => {
      await due(stage, id, column)
      return (await call(walked)).body.code === 'needs_reauth'
    })
    expect((await connect()).status).toBe('connected')
  }
  must(await stage.call('DELETE', `/v1/installations/${id}?${ofTenant}`), 200)
  const removals = github
    .requests()
    .filter(({ method, path }) => method === 'DELETE' && path.includes('/app/installations/'))
  expect(removals.map(({ status }) => status)).toEqual([204])
  expect(github.unexpected()).toEqual([])
}

const ofTenant = new URLSearchParams({ tenantId: who.tenantId })

/** With a key that is not the app's. */
async function integrateApp({ stage, definition, at }: Walk) {
  const body = {
    provider: definition.name,
    method: definition.auth[0]?.id,
    variables: { appSlug: at.slug },
  }
  const draft = must(
    await stage.call<{ id: string; redirectUri: string }>('POST', '/v1/integrations', body),
    201,
  )
  const app = at.register(draft.redirectUri)
  const { clientId, clientSecret } = app
  const setKey = async (privateKey: string) => {
    const client = { clientId, clientSecret, privateKey }
    must(await stage.call('PUT', `/v1/integrations/${draft.id}/client`, client), 200)
  }
  await setKey(strange)
  return { ...app, setKey }
}

const strange = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()

function withoutId(back: URL): URL {
  back.searchParams.delete('installation_id')
  return back
}

/** It was asked for only, and its owner has not decided. */
function asked(back: URL): URL {
  back.searchParams.delete('installation_id')
  back.searchParams.set('setup_action', 'request')
  return back
}

interface Read {
  credential: string
  generation: number
  expiresAt: string | null
  headers: { name: string; value: string }[]
  code?: string
}

const call = ({ stage, definition }: Walk, connectionName = 'default') =>
  stage.call<Read>('POST', '/v1/credentials', {
    provider: definition.name,
    tenantId: who.tenantId,
    owner: 'tenant',
    connectionName,
  })

const read = async (walked: Walk, connectionName?: string) =>
  must(await call(walked, connectionName), 200)

const headersOf = ({ headers }: Read) =>
  Object.fromEntries(headers.map(({ name, value }) => [name, value]))

async function expectHeld(walked: Walk): Promise<Read> {
  const held = await read(walked)
  expect(await walked.at.takes(headersOf(held)), 'the API takes it').toBe(true)
  return held
}

async function healthOf({ stage }: Walk, id: string): Promise<Connection['health']> {
  const path = `/v1/connections/${id}?${ofTenant}`
  return must(await stage.call<Connection>('GET', path), 200).health
}

/** GitHub's stand-in, and an app that is registered there once the service says its address. */
export function installationAt(
  github: GitHub,
): Omit<WalkedInstallation, 'origins' | 'takes' | 'unexpected' | 'stop'> {
  const name = 'Northwind'
  let app: ReturnType<GitHub['registerGitHubApp']> | undefined
  const registered = () => {
    if (app === undefined) throw new Error('The app is not registered.')
    return app
  }
  const installation = () => github.install(registered(), 'northwind')
  return {
    github,
    slug: 'northwind',
    register(redirectUri) {
      app = github.registerGitHubApp({
        name,
        redirectUris: [redirectUri],
        authorizesOnInstall: true,
      })
      return app
    },
    installation,
    accountId: () => `${github.organizations.find(({ login }) => login === 'northwind')?.id}`,
  }
}
