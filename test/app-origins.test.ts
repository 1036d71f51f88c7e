/** Which origins a connect session may name: the operator's list, and that of the API key. */
import type { SessionAnswer } from '@keywell/protocol'
import { createKeywell } from '@keywell/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { type Answer, appOrigin, createStage, mira, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const second = 'https://second.example'
const evil = 'https://evil.example'

interface Key {
  id: string
  key: string
  origins: string[] | null
}

describeEachDatabase('origins of the app', (makeDatabase) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { appOrigins: [appOrigin, second] })
  })
  afterAll(() => stage.stop())

  async function send<Body>(key: string, path: string, body: object): Promise<Answer<Body>> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(`${stage.url}${path}`, init)
    // The test that asked says what it expects.
    const answer = (await response.json()) as Body
    return { status: response.status, headers: response.headers, body: answer }
  }

  const session = (origins: string[], more: object = {}) => ({
    ...mira,
    origins,
    returnUrl: `${origins[0]}/finish`,
    ...more,
  })
  const ask = (body: object, key = stage.apiKey) =>
    send<SessionAnswer>(key, '/v1/connect/sessions', body)

  async function keyFor(origins: string[] | undefined, by = stage.apiKey): Promise<Answer<Key>> {
    return send(by, '/v1/api-keys', { name: 'app', roles: ['admin', 'backend'], origins })
  }

  async function denials(): Promise<string[]> {
    const path = `/v1/audit?${new URLSearchParams({ tenantId: mira.tenantId, result: 'denied' })}`
    const page = await stage.call<{ entries: { action: string; reason: string }[] }>('GET', path)
    return must(page, 200).entries.map(({ action, reason }) => `${action} ${reason}`)
  }

  verifies('T34:listed-origins', async () => {
    for (const origins of [[appOrigin], [second], [second, appOrigin]]) {
      must(await ask(session(origins)), 201)
    }
    const cases: [object, string][] = [
      [session([evil]), evil],
      [session([appOrigin, evil]), evil],
      [session([appOrigin], { returnUrl: `${evil}/finish` }), evil],
      // Said otherwise, it is not the one that is listed.
      [session([`${appOrigin}:8443`]), `${appOrigin}:8443`],
      [session(['http://app.example']), 'http://app.example'],
      [session([`${appOrigin}.evil.example`]), `${appOrigin}.evil.example`],
      // A page that is not the app's asked for it.
      [session([appOrigin], { pageOrigin: evil }), evil],
      [session([appOrigin], { pageOrigin: second }), second],
      [session([appOrigin], { pageOrigin: 'null' }), 'null'],
    ]
    for (const [body, named] of cases) {
      const answer = await ask(body)
      expect(answer, named).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } })
      expect((await denials())[0]).toBe(`session.create origin_not_allowed: ${named}`)
    }
    must(await ask(session([appOrigin], { pageOrigin: appOrigin })), 201)

    const { key } = must(await keyFor([second]), 201)
    must(await ask(session([second]), key), 201)
    for (const origins of [[appOrigin], [second, appOrigin], [evil]]) {
      const refused = await ask(session(origins), key)
      expect(refused).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } })
    }
    expect((await denials())[1]).toBe(`session.create origin_not_allowed: ${appOrigin}`)
    // A key that names more than the installation lists opens no more.
    const wide = must(await keyFor([evil]), 201)
    expect((await ask(session([evil]), wide.key)).status).toBe(403)
  })

  test("a key's origins are kept by a rotation, and no key makes one for more", async () => {
    const own = must(await keyFor([second]), 201)
    expect(own.origins).toEqual([second])
    for (const wanted of [undefined, [appOrigin], [second, appOrigin]]) {
      const refused = await keyFor(wanted, own.key)
      expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    }
    must(await keyFor([second], own.key), 201)
    const next = must(await send<Key>(stage.apiKey, `/v1/api-keys/${own.id}/rotate`, {}), 201)
    expect(next.origins).toEqual([second])
    expect((await ask(session([appOrigin]), next.key)).status).toBe(403)
  })

  test('a row whose origins were changed by hand opens nothing', async () => {
    const change = (id: string, origins: string) =>
      stage.database.query(
        `update api_keys set origins = ${origins} where tenant_id = '@install' and id = $1`,
        [id],
      )
    for (const [origins, planted] of [
      [[second], 'null'],
      [[second], `'{${appOrigin}}'`],
      [undefined, `'{${appOrigin}}'`],
    ] as const) {
      const made = must(await keyFor(origins && [...origins]), 201)
      await change(made.id, planted)
      expect((await ask(session([appOrigin]), made.key)).status).toBe(401)
    }
  })

  verifies('T34:foreign-pages', async () => {
    const { connectToken } = must(await ask(session([appOrigin])), 201)
    const before = (await denials()).length
    for (let call = 0; call < 3; call += 1) {
      const answer = await stage.page(connectToken, 'GET', '/connect/providers', undefined, evil)
      expect(answer).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } })
    }
    const entry = 'call.refuse origin_not_allowed: GET /connect/providers'
    await until('the audit log has it', async () => (await denials()).includes(entry))
    expect(await denials()).toHaveLength(before + 1)
  })

  test('a list with what is no origin is refused when the service is made', () => {
    for (const wrong of ['app.example', 'https://app.example/', 'ftp://app.example', '*']) {
      const options = { database: stage.database, keys: {} as never, publicUrl: stage.url }
      expect(() => createKeywell({ ...options, appOrigins: [wrong] })).toThrow(
        /is not an origin such as https:\/\/app\.example/,
      )
    }
  })
})
