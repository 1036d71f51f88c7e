/** Scopes from tools, as the service plans them. */
import { type PlannedScopes, type Problem, toolsOf } from '@keywell/protocol'
import { Keywell } from '@keywell/sdk'
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { createStage, mira, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const reading = ['gitlab_issues_list', 'gitlab_file_get']

let stage: Stage
beforeAll(async () => {
  stage = await createStage(await openEmbedded(), { role: 'serve' })
})
afterAll(() => stage.stop())

const ask = <Body = PlannedScopes>(body: object) =>
  stage.call<Body>('POST', '/v1/scopes/plan', body)

verifies('planner:route', async () => {
  const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
  const provider = await keywell.providers.get('gitlab')
  for (const tools of [reading, ['gitlab_issue_create'], ['gitlab_nothing'], []]) {
    const { plan, access } = must(await ask({ provider: 'gitlab', tools }), 200)
    expect(plan).toEqual(await keywell.tools.plan({ provider: 'gitlab', tools }))
    expect(access).toBeUndefined()
  }
  const both = must(await ask({ provider: 'gitlab', tools: reading, scopes: ['read_user'] }), 200)
  expect(both.plan?.scopes).toEqual(['read_api'])
  expect(both.access).toEqual(toolsOf({ provider, scopes: ['read_user'] }))
  expect(both.access?.blocked[0]?.missing.length).toBeGreaterThan(0)
  expect((await ask<Problem>({ provider: 'gitlab' })).body.code).toBe('invalid_request')
  const unknown = await ask<Problem>({ provider: 'nowhere', tools: [] })
  expect(unknown.body.code).toBe('unknown_provider')
  keywell.close()
})

verifies('planner:session-tools', async () => {
  const { connection } = await stage.connect({ who: mira, session: { tools: reading } })
  expect(connection?.scopes).toEqual(['read_api'])
  const session = (more: object) =>
    stage.call<Problem>('POST', '/v1/connect/sessions', {
      ...mira,
      origins: ['https://app.example'],
      returnUrl: 'https://app.example/done',
      ...more,
    })
  const unknown = await session({ tools: ['gitlab_nothing'] })
  expect(unknown).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  const policy = { scopes: { gitlab: ['read_user'] } }
  must(await stage.call('PUT', `/v1/tenants/${mira.tenantId}/policy`, policy), 200)
  expect((await session({ tools: reading })).body.code).toBe('not_allowed_for_tenant')
})
