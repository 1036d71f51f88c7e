import { KeywellError } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { holdContract } from './contract.ts'

const at = (path: string, method = 'GET') =>
  new Request(`https://keywell.example${path}`, { method })
const problem = (code: 'not_connected' | 'unauthorized') => () => {
  const error = new KeywellError(code, 'No.')
  const headers = { 'content-type': 'application/problem+json' }
  return new Response(JSON.stringify(error.toProblem()), { status: error.status, headers })
}

test.each<[string, Request, () => Response, string[]]>([
  ['an error of the route', at('/v1/connections'), problem('unauthorized'), []],
  [
    'an error of another route',
    at('/v1/connections'),
    problem('not_connected'),
    ['GET /v1/connections: answered not_connected'],
  ],
  [
    'another status',
    at('/v1/integrations', 'POST'),
    () => Response.json({}),
    ['POST /v1/integrations: answered 200'],
  ],
  [
    'an answer that does not fit',
    at('/livez'),
    () => Response.json({ status: 'well' }),
    ['GET /livez: status: Invalid input: expected "ok"'],
  ],
  ['an answer that fits', at('/livez'), () => Response.json({ status: 'ok' }), []],
  ['what is no route', at('/nowhere'), () => new Response('', { status: 404 }), []],
])('the comparison with the table judges %s', async (_, request, answer, faults) => {
  const contract = holdContract(() => ({ fetch: answer }))
  await contract.fetch(request)
  expect(contract.faults).toEqual(faults)
})

test('the comparison with the table finds an audit entry of another action, and one that none is said of', async () => {
  const rows = [
    { requestId: 'req_1', actions: ['webhook.create'] },
    { requestId: 'req_2', actions: ['webhook.delete'] },
    { requestId: 'req_3', actions: ['webhook.create'] },
    { requestId: 'req_4', actions: ['call.refuse'] },
  ]
  const answers = ['req_1', 'req_2', 'req_3'].map((id) => ({ 'x-request-id': id }))
  const contract = holdContract(() => ({
    fetch: () => new Response('{}', { status: 201, headers: answers.shift() ?? {} }),
  }))
  for (const method of ['POST', 'POST', 'GET']) await contract.fetch(at('/v1/webhooks', method))
  const database = { query: async () => rows as never }
  expect(await contract.auditFaults(database)).toEqual([
    'POST /v1/webhooks: recorded webhook.delete',
    'GET /v1/webhooks: recorded webhook.create',
  ])
})
