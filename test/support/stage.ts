import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import {
  type ConfirmAnswer,
  type CreateFlow,
  type CreateFlowAnswer,
  type CreateSession,
  type ProviderDefinition,
  type ReadCredential,
  returnParameters,
  type SessionAnswer,
} from '@keywell/protocol'
import {
  createSandbox,
  type SandboxControl,
  sandboxControl,
  sandboxPassword,
  sandboxVisitor,
} from '@keywell/sandbox'
import {
  createKeyFile,
  createKeywell,
  type KeywellOptions,
  type KeywellService,
  keyFile,
  localKeys,
  type PrivateHost,
} from '@keywell/server'
import { holdContract } from './contract.ts'
import type { TestDatabase } from './inspected.ts'
import { recordingLogger } from './log-lines.ts'
import { type Page, Person } from './person.ts'

/** The app's origin in these tests. Nothing listens there: journeys end before they reach it. */
export const appOrigin = 'https://app.example'
const returnUrl = `${appOrigin}/api/keywell/finish`

export const mira = { tenantId: 'ten_northwind', userId: 'usr_mira' }
export const jonas = { tenantId: 'ten_umbrella', userId: 'usr_jonas' }

export interface Answer<Body = unknown> {
  status: number
  headers: Headers
  body: Body
}

/** Keywell on a real socket, a sandbox GitLab beside it, and the steps between them one by one. */
export interface Stage {
  keywell: KeywellService
  url: string
  database: TestDatabase
  sandbox: { url: string; control: SandboxControl }
  apiKey: string
  integration: { id: string; redirectUri: string }
  logs: string[]
  /** A call with the API key. */
  call<Body = unknown>(method: string, path: string, body?: unknown): Promise<Answer<Body>>
  /** A call of the app's page, with a connect token. */
  page<Body = unknown>(
    token: string,
    method: string,
    path: string,
    body?: unknown,
    origin?: string | null,
  ): Promise<Answer<Body>>
  session(request?: Partial<CreateSession>): Promise<SessionAnswer>
  flow(session: SessionAnswer, request?: Partial<CreateFlow>): Promise<CreateFlowAnswer>
  /** Posts the start form; ends before the provider's page is visited. */
  start(
    person: Person,
    flow: Pick<CreateFlowAnswer, 'startUrl' | 'startCode'>,
    origin?: string,
  ): Promise<Page>
  /** Signs in if asked to and decides; answers the callback's address, not yet visited. */
  consent(page: Pick<Page, 'url'>, as?: string, decision?: 'authorize' | 'deny'): Promise<URL>
  /** Visits the callback; answers the address at the app, not visited. */
  callback(person: Person, url: URL): Promise<Page>
  confirm(finish: URL, who?: { tenantId: string; userId: string }): Promise<Answer<ConfirmAnswer>>
  /** All nine steps. */
  connect(options?: {
    who?: { tenantId: string; userId: string }
    as?: string
    session?: Partial<CreateSession>
    flow?: Partial<CreateFlow>
  }): Promise<ConfirmAnswer>
  read(query?: Partial<ReadCredential>): Promise<Answer<Record<string, never>>>
  /** No faults, and counters at zero. */
  calm(): Promise<void>
  stop(): Promise<void>
}

export async function createStage(
  database: TestDatabase,
  options: Partial<KeywellOptions> & {
    relativeRoot?: string
    scopes?: string[]
    /** A root key file that others use too. Default: one of its own. */
    keyPath?: string
    /** A name of its own makes the sandbox another site than the service. */
    sandboxHost?: '127.0.0.1' | 'localhost'
    /** Where the sandbox listens, and how it is reached, when a proxy stands before it. */
    sandboxAt?: { port: number; publicUrl: string }
    /** Whether a stop looks for secrets where none may be. Default: true; false where there is too much to look at. */
    swept?: boolean
    /** Whether answers are compared with the table of routes. Default: as `swept`, since it costs as much. */
    compared?: boolean
    /** What is said of the sandbox. Default: that it is GitLab. */
    definition?: ProviderDefinition
    /** How the sandbox stands in the operator's list; with tenants, the integration is of the first one. */
    sandboxEntry?: Pick<PrivateHost, 'networks' | 'tenants'>
  } = {},
): Promise<Stage> {
  const sandbox = await createSandbox({
    host: options.sandboxHost ?? '127.0.0.1',
    ...(options.relativeRoot === undefined ? {} : { relativeRoot: options.relativeRoot }),
    ...options.sandboxAt,
  })
  const control = sandboxControl(sandbox.controlUrl)
  const { definition } = options
  const provider = definition?.name ?? 'gitlab'
  const contract = holdContract(() => keywell)
  const { swept = true, compared = swept } = options
  const { server, url } = await listen(() => (compared ? contract : keywell))
  const logs: string[] = []
  /** Bodies of all answers that were errors. */
  const problems: string[] = []
  const keyPath = options.keyPath ?? join(mkdtempSync(join(tmpdir(), 'keywell-stage-')), 'root-key')
  if (options.keyPath === undefined) createKeyFile(keyPath)
  const sandboxEntry = { origin: new URL(sandbox.url).origin, ...options.sandboxEntry }
  const keywell = createKeywell({
    database,
    keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
    publicUrl: url,
    connectUrl: `${appOrigin}/settings`,
    logger: recordingLogger((line) => logs.push(line)),
    ...options,
    providers: [...(options.providers ?? []), ...(definition === undefined ? [] : [definition])],
    privateHosts: [sandboxEntry, ...(options.privateHosts ?? [])],
    // Tests have webhooks sent there, too: to a receiver that fails as configured.
    privateWebhookHosts: [sandboxEntry, ...(options.privateWebhookHosts ?? [])],
  })
  await keywell.start()
  const apiKey = (await keywell.apiKeys.create('test')).key.expose()

  async function send<Body>(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: unknown,
  ): Promise<Answer<Body>> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.status >= 400) problems.push(text)
    let parsed: unknown = text
    try {
      parsed = JSON.parse(text)
    } catch {}
    // The test that asked says what it expects.
    return { status: response.status, headers: response.headers, body: parsed as Body }
  }

  const stage: Stage = {
    keywell,
    url,
    database,
    sandbox: { url: sandbox.url, control },
    apiKey,
    integration: { id: '', redirectUri: '' },
    logs,
    call: (method, path, body) => send(method, path, { authorization: `Bearer ${apiKey}` }, body),
    page: (token, method, path, body, origin = appOrigin) =>
      send(
        method,
        path,
        { authorization: `Bearer ${token}`, ...(origin === null ? {} : { origin }) },
        body,
      ),

    async session(request = {}) {
      const body = { ...mira, origins: [appOrigin], returnUrl, ...request }
      return must(await stage.call<SessionAnswer>('POST', '/v1/connect/sessions', body), 201)
    },

    async flow(session, request = {}) {
      const body = { provider, host: sandbox.url, ...request }
      return must(
        await stage.page<CreateFlowAnswer>(session.connectToken, 'POST', '/connect/flows', body),
        201,
      )
    },

    start: (person, flow, origin = appOrigin) =>
      person.visit(flow.startUrl, {
        init: {
          method: 'POST',
          body: new URLSearchParams({ start_code: flow.startCode }),
          headers: { origin },
        },
        stopAt: (to) => to.href.startsWith(sandbox.url),
      }),

    consent: (page, as = 'ada', decision = 'authorize') =>
      sandboxVisitor({ username: as, password: sandboxPassword }).authorize(page.url, decision),

    callback: (person, to) => person.visit(to, { stopAt: (next) => next.origin === appOrigin }),

    confirm(finish, who = mira) {
      const parameters = finish.hash
        ? new URLSearchParams(finish.hash.slice(1))
        : finish.searchParams
      const session = parameters.get(returnParameters.session)
      return stage.call('POST', `/v1/connect/sessions/${session}/confirm`, {
        flowId: parameters.get(returnParameters.flow),
        ticket: parameters.get(returnParameters.ticket),
        ...who,
      })
    },

    async connect({ who = mira, as, session, flow } = {}) {
      const person = new Person()
      const { tenantId, userId } = who
      const made = await stage.session({ tenantId, userId, ...session })
      const first = await stage.start(person, await stage.flow(made, flow))
      const back = await stage.consent(first, as)
      const { url: finish } = await stage.callback(person, back)
      return must(await stage.confirm(finish, who), 200)
    },

    read: (query = {}) => stage.call('POST', '/v1/credentials', { provider, ...mira, ...query }),

    async calm() {
      await control.clearFaults()
      await control.change({ skipConsent: 'matching_token', openerPolicy: null })
      await control.resetCounters()
    },

    async stop() {
      if (swept) {
        const { sweepStage } = await import('./sweep.ts')
        await sweepStage(stage, { problems, clientSecret })
      }
      if (compared) contract.faults.push(...(await contract.auditFaults(database)))
      server.closeAllConnections()
      server.close()
      await keywell.stop()
      await sandbox.stop()
      if (contract.faults.length > 0) throw new Error(contract.faults.join('\n'))
    },
  }

  const { clientSecret, ...integration } = await registerGitLab(stage, stage.sandbox, {
    scopes: options.scopes ?? ['read_api', 'read_user', 'api'],
    tenantId: options.sandboxEntry?.tenants?.[0],
    provider,
  })
  stage.integration = integration
  return stage
}

/** Registers an OAuth app at a sandbox and configures it in Keywell, as an operator would. */
export async function registerGitLab(
  stage: Stage,
  gitlab: Stage['sandbox'],
  {
    scopes,
    tenantId,
    provider = 'gitlab',
  }: { scopes: string[]; tenantId?: string | undefined; provider?: string },
): Promise<Stage['integration'] & { clientSecret: string }> {
  const draft = must(
    await stage.call<{ id: string; redirectUri: string }>('POST', '/v1/integrations', {
      provider,
      host: gitlab.url,
      scopes,
      tenantId,
    }),
    201,
  )
  const application = await gitlab.control.registerApplication({
    name: 'Acme',
    redirectUris: [draft.redirectUri],
    scopes,
  })
  must(
    await stage.call('PUT', `/v1/integrations/${draft.id}/client`, {
      clientId: application.clientId,
      clientSecret: application.clientSecret,
      tenantId,
    }),
    200,
  )
  return { ...draft, clientSecret: application.clientSecret }
}

export function must<Body>(answer: Answer<Body>, status: number): Body {
  if (answer.status === status) return answer.body
  throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`)
}

/** Listens on a free port before there is anything to answer, since what answers must know its address. */
export async function listen(
  service: () => { fetch(request: Request): Response | Promise<Response> },
  host: '127.0.0.1' | 'localhost' = '127.0.0.1',
): Promise<{ server: Server; url: string }> {
  const server = createServer(getRequestListener((request) => service().fetch(request)))
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { server, url: `http://${host}:${address.port}` }
}
