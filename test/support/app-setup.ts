import { type Connection, KeywellError } from '@keywell/protocol'
import { Keywell } from '@keywell/sdk'
import type { TestProject } from 'vitest/node'
import type {} from './global-setup.ts' // what is provided
import { openCreated } from './inspected.ts'
import { copyDatabase } from './migrated.ts'
import { Person } from './person.ts'
import { type Answer, createStage, listen, must, type Stage } from './stage.ts'
import { until } from './until.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The app whose pages the tests of a front end load. */
    app: AppAddresses
  }
}

export interface AppAddresses {
  /** Origin of the app. `/api/keywell` is its `connectHandler`, `/fragment/api/keywell` one with fragment returns. */
  readonly url: string
  /** Of the Keywell service. */
  readonly serviceUrl: string
  /** Base URL of the sandbox GitLab, for which an integration exists. */
  readonly providerUrl: string
  /** Takes a `UserStep` as JSON. */
  readonly stepsUrl: string
}

/** What a user does outside of the page under test. */
export type Step =
  | { readonly step: 'start'; readonly startUrl: string; readonly startCode: string }
  /** Decides at the provider. Answers `{ url }`, where the browser returns to the app. */
  | {
      readonly step: 'consent'
      readonly as?: string | undefined
      readonly decision?: 'authorize' | 'deny' | undefined
    }
  /** Pastes a key into the form that the start led to. Answers `{ url }`, where the browser returns to the app. */
  | { readonly step: 'paste'; readonly as?: string | undefined }
  /** Loads that page of the app. Answers `{ url }`, where the browser is then. */
  | { readonly step: 'finish' }
  /** Connects by an API key. Answers the connection. */
  | { readonly step: 'connect'; readonly connectionName?: string; readonly expiresOn?: string }
  /** Removes a connection, as another window would. Answers it. */
  | { readonly step: 'disconnect'; readonly connectionId: string }
  /** Withdraws the grant at the provider, which a backend then notices. */
  | { readonly step: 'revoke' }

/** With the user who is signed in at the app. */
export type UserStep = Step & { readonly userId: string }

/**
 * Starts an app that embeds Keywell, with the real service, its database and a sandbox GitLab, once for all
 * test files of a project. Each test has users of its own, so that files may run side by side.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { postgresUrl, postgresTemplate } = project.getProvidedContext()
  const created = await copyDatabase(postgresUrl, postgresTemplate)
  const database = await openCreated(created, { poolSize: 5 })
  const stage = await createStage(database, {
    sandboxHost: 'localhost',
    swept: false,
    compared: true,
  })
  // Else a user who connected before would not be asked again, and could not deny.
  await stage.sandbox.control.change({ skipConsent: 'never' })
  const app = await listen(
    () => ({ fetch: (request) => answerAsApp(keywell, request) }),
    'localhost',
  )
  const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey, appOrigin: app.url })
  const users = new Map<string, User>()
  const steps = await listen(() => ({
    fetch: async (request) =>
      Response.json(await take(stage, app.url, users, (await request.json()) as UserStep)),
  }))
  project.provide('app', {
    url: app.url,
    serviceUrl: stage.url,
    providerUrl: stage.sandbox.url,
    stepsUrl: steps.url,
  })
  return async () => {
    keywell.close()
    for (const { server } of [app, steps]) {
      server.closeAllConnections()
      server.close()
    }
    await stage.stop()
    await database.close()
    await created.drop()
  }
}

const tenantId = 'ten_pages'

/**
 * Where an integration has many connections, as here with those of all tests, one refusal can be an incident of the
 * provider: the service asks again, and others meanwhile, before it ends a connection. Here it does so at once.
 */
async function untilNoticed(
  stage: Stage,
  { tenantId, userId }: { tenantId: string; userId: string },
  read: () => Promise<Answer>,
): Promise<unknown> {
  let answer = await read()
  await until('the withdrawal is noticed', async () => {
    if (answer.status === 409) return true
    await stage.database.query(
      `update refresh_schedule set probe_at = now(), probed_at = null, lease_until = null
       where tenant_id = $1 and connection_id in (
         select id from connections where tenant_id = $1 and user_id = $2)`,
      [tenantId, userId],
    )
    answer = await read()
    return answer.status === 409
  })
  return answer.body
}

async function answerAsApp(keywell: Keywell, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  if (pathname === '/sign-in') {
    const cookie = `user=${searchParams.get('user')}; HttpOnly; SameSite=Lax`
    return new Response(null, { status: 204, headers: { 'set-cookie': cookie } })
  }
  const mount = /^(\/fragment)?\/api\/keywell\//.exec(pathname)
  if (mount === null) return new Response('A page of the app.')
  const [, userId] = /user=(\w+)/.exec(request.headers.get('cookie') ?? '') ?? []
  if (userId === undefined) return problem(new KeywellError('unauthorized', 'Sign in first.'))
  const returnTo = mount[1] === undefined ? undefined : '/done'
  return keywell.connectHandler(request, {
    tenantId,
    userId,
    returnTo,
    methods: ['oauth', 'key'],
  })
}

function problem(error: KeywellError): Response {
  return Response.json(error.toProblem(), { status: error.status })
}

/** A user's browser, the address that it is at, and the page there. */
interface User {
  readonly browser: Person
  at: URL
  page?: string
}

async function take(
  stage: Stage,
  appUrl: string,
  users: Map<string, User>,
  step: UserStep,
): Promise<unknown> {
  const { userId } = step
  const owner = { tenantId, userId }
  const user = users.get(userId) ?? { browser: new Person(), at: new URL(appUrl) }
  if (!users.has(userId)) await user.browser.visit(`${appUrl}/sign-in?user=${userId}`)
  users.set(userId, user)
  switch (step.step) {
    case 'start': {
      const page = await stage.start(user.browser, step, appUrl)
      user.at = page.url
      user.page = page.text
      return { url: user.at }
    }
    case 'paste': {
      const [, state = ''] = /name="state" value="([^"]+)"/.exec(user.page ?? '') ?? []
      const { value: key } = await stage.sandbox.control.issuePersonalAccessToken({
        username: step.as ?? 'ada',
        scopes: ['read_api'],
      })
      user.at = (
        await user.browser.visit(`${stage.url}/connect/key`, {
          init: {
            method: 'POST',
            body: new URLSearchParams({ state, key }),
            headers: { origin: stage.url },
          },
          stopAt: ({ origin }) => origin === appUrl,
        })
      ).url
      return { url: user.at }
    }
    case 'consent': {
      const { as, decision } = step
      const callback = await stage.consent({ url: user.at }, as, decision)
      const stopAt = ({ origin }: URL) => origin === appUrl
      user.at = (await user.browser.visit(callback, { stopAt })).url
      return { url: user.at }
    }
    case 'finish': {
      user.at = (await user.browser.visit(user.at)).url
      return { url: user.at }
    }
    case 'connect': {
      const { connectionName: name = 'default', expiresOn } = step
      const { value } = await stage.sandbox.control.issuePersonalAccessToken({
        username: 'ada',
        ...(expiresOn === undefined ? {} : { expiresOn }),
      })
      const credential = { type: 'api_key', value }
      const body = { ...owner, provider: 'gitlab', host: stage.sandbox.url, name, credential }
      return must(await stage.call<Connection>('POST', '/v1/connections', body), 201)
    }
    case 'disconnect': {
      const path = `/v1/connections/${step.connectionId}?${new URLSearchParams(owner)}`
      return must(await stage.call('DELETE', path), 200)
    }
    case 'revoke': {
      const { credential, generation } = must(await stage.read(owner), 200)
      const tokens = await stage.sandbox.control.tokens()
      const token = tokens.find(({ accessToken }) => accessToken === credential)
      if (token === undefined) throw new Error('The sandbox does not know the credential.')
      await stage.sandbox.control.revokeGrants({ grantId: token.grantId })
      const minGeneration = Number(generation) + 1
      return untilNoticed(stage, owner, () => stage.read({ ...owner, minGeneration }))
    }
  }
}
