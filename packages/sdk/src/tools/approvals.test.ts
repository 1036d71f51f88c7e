import type { Approval } from '@keywell/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { Keywell } from '../index.ts'
import { newId } from '../testing/ids.ts'

const tenantId = 'org_acme'

function approval(state: Approval['state']): object {
  return {
    id: newId('approval'),
    tenantId,
    userId: 'user_123',
    connectionId: newId('connection'),
    tool: 'gitlab_pipeline_delete',
    title: 'Delete pipeline',
    summary: 'Delete pipeline 9 of acme/api.',
    request: { method: 'DELETE', path: '/projects/1/pipelines/9', query: '' },
    state,
    requestedAt: new Date(0).toISOString(),
    endsAt: new Date(900_000).toISOString(),
    decidedAt: null,
    decidedBy: null,
    arguments: {},
    requestedBy: 'key:key_1',
    agent: null,
  }
}

test('a backend lists what waits for a person, reads it, and says what they decided', async () => {
  const got: { method: string; url: URL; body: unknown }[] = []
  const keywell = new Keywell({
    url: 'http://127.0.0.1:1',
    apiKey: 'kw_test_key',
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const url = new URL(request.url)
      if (url.pathname === '/v1/changes') return new Response(null, { status: 503 })
      const text = await request.text()
      got.push({ method: request.method, url, body: text === '' ? undefined : JSON.parse(text) })
      const isList = url.pathname === '/v1/approvals'
      return Response.json(isList ? { approvals: [approval('pending')] } : approval('approved'))
    },
  })
  onTestFinished(() => keywell.close())
  const { approvals } = keywell.tools
  const listed = await approvals.list({ tenantId, state: 'pending' })
  expect(listed.approvals[0]?.summary).toBe('Delete pipeline 9 of acme/api.')
  const approvalId = newId('approval')
  await approvals.get({ tenantId, approvalId })
  const decided = { tenantId, decision: 'approve', decidedBy: 'user_boss' } as const
  expect((await approvals.decide({ approvalId, ...decided })).state).toBe('approved')
  expect(got.map(({ method, url }) => `${method} ${url.pathname}${url.search}`)).toEqual([
    'GET /v1/approvals?tenantId=org_acme&state=pending&limit=50',
    `GET /v1/approvals/${approvalId}?tenantId=org_acme`,
    `POST /v1/approvals/${approvalId}/decision`,
  ])
  expect(got.at(-1)?.body).toEqual(decided)
})
