import { expect, test } from 'vitest'
import { type ApiStage, startApi } from './caller.test.support.ts'

async function ask(stage: ApiStage, username: string, query: string, id: string, scope = 'api') {
  const { accessToken } = await stage.issue([scope], username)
  const response = await fetch(`${stage.url}/api/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { id } }),
  })
  return { status: response.status, body: await response.json() }
}

const issue = 'query ($id: IssueID!) { issue(id: $id) { iid webUrl reference(full: true) } }'
const mergeRequest =
  'query ($id: MergeRequestID!) { mergeRequest(id: $id) { iid project { fullPath } } }'

test('a global id leads to the number that people see, for those who may see it', async () => {
  const stage = await startApi()
  const found = await ask(stage, 'ada', issue, 'gid://gitlab/Issue/501003', 'read_api')
  expect(found.body).toEqual({
    data: {
      issue: {
        iid: '4',
        webUrl: `${stage.url}/lighthouse/webshop/-/issues/4`,
        reference: 'lighthouse/webshop#4',
      },
    },
  })
  const hidden = await ask(stage, 'lin', issue, 'gid://gitlab/Issue/501003')
  expect(hidden.body).toEqual({ data: { issue: null } })
  const ada = await stage.as('ada')
  const { body } = await ada('GET', '/projects/501/merge_requests/1')
  const merge = await ask(stage, 'ada', mergeRequest, `gid://gitlab/MergeRequest/${body.id}`)
  expect(merge.body).toEqual({
    data: { mergeRequest: { iid: '1', project: { fullPath: 'lighthouse/webshop' } } },
  })
})

test('an unknown id is null, a wrong query an error, a small scope a refusal', async () => {
  const stage = await startApi()
  const unknown = await ask(stage, 'ada', issue, 'gid://gitlab/Issue/7')
  expect(unknown.body).toEqual({ data: { issue: null } })
  const wrong = await ask(stage, 'ada', '{ issues { iid } }', '')
  expect(wrong.body.errors).toHaveLength(1)
  expect((await ask(stage, 'ada', issue, 'gid://gitlab/Issue/7', 'read_user')).status).toBe(403)
})
