/** No text that an agent gets has the token of the call in it, whatever the provider puts it into. */
import { expect } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { listTools, SendFailure } from '../index.ts'
import { exampleOf } from '../testing/examples.ts'
import { type Answer, createWorld } from '../testing/fake-ports.ts'

const token = 'glpat-canary-0f3a9c'
const secrets = [token]
const headers = {
  'x-request-id': `r-${token}`,
  'content-type': `text/${token}`,
  'content-disposition': `attachment; filename="${token}.zip"`,
  link: `<https://a.example/?page=2&t=${token}>; rel="next"`,
  'x-next-page': '2',
}
/** In values, names of fields and lists, and inside of other text. */
const item = {
  id: 1,
  iid: 1,
  title: `see ${token}!`,
  name: token,
  [token]: token,
  default: true,
  path_with_namespace: `acme/${token}`,
  web_url: `https://a.example/${token}`,
  content: Buffer.from(`key: ${token}`).toString('base64'),
  encoding: 'base64',
  labels: [token, { name: token }],
  message: { [`field ${token}`]: [`wrong: ${token}`] },
  error: token,
}

const successes: readonly Answer[] = [
  { body: [item] },
  { body: item },
  { body: `log ${token}\n${token}` },
  { status: 204 },
]
const failures: readonly Answer[] = [400, 401, 403, 404, 405, 409, 422, 429, 500].flatMap(
  (status) => [
    { status, body: item },
    { status, body: { message: `404 Project Not Found` } },
    { status, body: `<html>${token}</html>` },
  ],
)

verifies('execute:no-token', async () => {
  const seen: string[] = []
  let answered = 0
  for (const [at, answer] of [...successes, ...failures].entries()) {
    const world = createWorld({
      answers: { '*': { ...answer, headers, secrets } },
      policy: {
        approval: at % 2 === 0 ? 'never' : 'destroy',
        revealsValues: true,
        rateLimit: { calls: 0, windowMs: 60_000 },
      },
    })
    for (const tool of listTools('gitlab')) {
      // Each failure with a few tools: the same rules read them all.
      if (at >= successes.length && (at + tool.name.length) % 9 !== 0) continue
      const result = await world.call(tool.name, exampleOf(tool, 'least')).then(
        (each) => JSON.stringify(each),
        (error) => JSON.stringify([error.message, error.toProblem()]),
      )
      if (result.includes('"data"')) answered += 1
      seen.push(result)
      // A refusal for too many calls ends.
      world.advance(300_000)
    }
    const { records, outcomes, approvals, refusals } = world
    seen.push(JSON.stringify([records, outcomes, approvals, refusals]))
  }
  expect(answered).toBeGreaterThan(100)
  expect(seen.filter((each) => each.includes(token))).toEqual([])
  // It is there to be found.
  expect(JSON.stringify(item)).toContain(token)
  const failing = createWorld({ answers: { '*': new SendFailure('broken_off', 'socket', true) } })
  expect((await failing.failure('gitlab_current_user_get')).message).not.toContain(token)
})
