/** What a page is offered to choose, and what the service takes of it: the same, whatever session and policy allow. */
import {
  type ConnectOptions,
  chooseScopes,
  type SessionAnswer,
  type SetTenantPolicy,
} from '@keywell/protocol'
import { gitlab } from '@keywell/providers'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const all = gitlab.scopes.map(({ name }) => name)
const registered = ['api', 'read_api', 'read_user', 'read_repository', 'email']

describeEachDatabase('scope choice', (makeDatabase) => {
  let stage: Stage
  let next = 0
  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { scopes: registered })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  function newUser() {
    next += 1
    return { tenantId: `ten_choice_${next}`, userId: 'usr_main' }
  }
  const makeSession = (body: object) =>
    stage.call<SessionAnswer & { code: string; detail: string }>('POST', '/v1/connect/sessions', {
      origins: [appOrigin],
      returnUrl: appOrigin,
      ...body,
    })
  async function offerOf({ connectToken }: Pick<SessionAnswer, 'connectToken'>, query = '') {
    const path = `/connect/providers${query}`
    const { providers } = must(await stage.page<ConnectOptions>(connectToken, 'GET', path), 200)
    return providers.find(({ name }) => name === 'gitlab')
  }
  const begin = (
    { connectToken }: Pick<SessionAnswer, 'connectToken'>,
    scopes: readonly string[],
    host = stage.sandbox.url,
  ) =>
    stage.page<{ code: string; flowId: string }>(connectToken, 'POST', '/connect/flows', {
      provider: 'gitlab',
      host,
      scopes,
    })
  const namesOf = (offer: Awaited<ReturnType<typeof offerOf>>) =>
    offer?.scopes.map(({ name }) => name) ?? []

  verifies('T7:choice-is-ceiling', async () => {
    const some = fc.subarray(registered)
    const sessions = fc.option(fc.record({ required: some, optional: some, forbidden: some }))
    const policies: fc.Arbitrary<SetTenantPolicy> = fc.oneof(
      fc.constant({}),
      fc.constant({ readOnly: true }),
      some.map((scopes) => ({ scopes: { gitlab: scopes } })),
    )
    await fc.assert(
      fc.asyncProperty(sessions, policies, some, fc.subarray(all), async (...drawn) => {
        const [limits, policy, wanted, made] = drawn
        const who = newUser()
        must(await stage.call('PUT', `/v1/tenants/${who.tenantId}/policy`, policy), 200)
        const session = await makeSession({ ...who, ...(limits && { scopes: { gitlab: limits } }) })
        if (session.status !== 201) {
          expect(['scope_not_allowed', 'not_allowed_for_tenant']).toContain(session.body.code)
          return
        }
        const offer = await offerOf(session.body)
        const offered = namesOf(offer)
        const chosen = offer ? chooseScopes(offer, wanted) : []
        const [missing] = (limits?.required ?? []).filter((name) => !offered.includes(name))
        if (chosen.length > 0 && missing === undefined) {
          const { flowId } = must(await begin(session.body, chosen), 201)
          const [row] = await stage.database.query<{ scopes: string[] }>(
            'select scopes from flows where tenant_id = $1 and id = $2',
            [who.tenantId, flowId],
          )
          expect(row?.scopes).toEqual([...chosen])
        }
        // A page that was tampered with.
        for (const name of made.filter((each) => !offered.includes(each)).slice(0, 4)) {
          const refused = await begin(session.body, [...chosen, name])
          expect(refused.status, name).toBeGreaterThanOrEqual(400)
          expect(['scope_not_allowed', 'not_allowed_for_tenant']).toContain(refused.body.code)
        }
      }),
      { numRuns: 40 },
    )
  })

  verifies('T7:forbidden-rights', async () => {
    const limits = { optional: ['read_user', 'read_api', 'api'], forbidden: ['write_repository'] }
    const session = await stage.session({ ...newUser(), scopes: { gitlab: limits } })
    // Whoever has `api` may push.
    expect(namesOf(await offerOf(session))).toEqual(['read_api', 'read_user'])
    expect(await begin(session, ['api'])).toMatchObject({
      status: 400,
      body: { code: 'scope_not_allowed' },
    })
    expect((await begin(session, ['read_api'])).status).toBe(201)
    expect(
      await makeSession({ ...newUser(), scopes: { gitlab: { required: ['made_up'] } } }),
    ).toMatchObject({
      status: 400,
      body: { code: 'scope_not_allowed' },
    })
    // A session that contradicts itself is the backend's mistake.
    for (const required of [['api'], ['write_repository']]) {
      const gitlab = { required, forbidden: ['write_repository'] }
      expect(await makeSession({ ...newUser(), scopes: { gitlab } })).toMatchObject({
        status: 400,
        body: { code: 'scope_not_allowed', detail: expect.stringContaining(required.join()) },
      })
    }
  })

  verifies('scopes:offered-there', async () => {
    const who = newUser()
    const elsewhere = 'https://git.example'
    const register = (host: string, scopes: string[]) =>
      stage.call('POST', '/v1/integrations', {
        tenantId: who.tenantId,
        provider: 'gitlab',
        host,
        scopes,
        clientId: 'app',
        clientSecret: 'secret-of-an-app',
      })
    expect((await register(elsewhere, ['email', 'openid'])).status).toBe(201)
    // Its own app, in place of the one that all share.
    expect((await register(stage.sandbox.url, ['read_user'])).status).toBe(201)
    const session = await stage.session(who)
    const at = (host: string) => offerOf(session, `?host=${encodeURIComponent(host)}`)
    expect(namesOf(await at(elsewhere))).toEqual(['openid', 'email'])
    expect(namesOf(await at(`${stage.sandbox.url}/`))).toEqual(['read_user'])
    expect(await at('https://gitlab.com')).toBeUndefined()
    expect(await begin(session, ['email'])).toMatchObject({ body: { code: 'scope_not_allowed' } })
    expect((await begin(session, ['email'], elsewhere)).status).toBe(201)
    // The session says which host is meant.
    const defaultHosts = { gitlab: elsewhere }
    const usual = await offerOf(await stage.session({ ...who, defaultHosts }))
    expect(namesOf(usual)).toEqual(['openid', 'email'])
    expect(usual?.hosts.toSorted()).toEqual([elsewhere, stage.sandbox.url].toSorted())
    const wrong = await stage.page(session.connectToken, 'GET', '/connect/providers?host=nowhere')
    expect(wrong).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  })
})
