import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { findTool } from '../index.ts'
import { exampleOf } from '../testing/examples.ts'
import { type Answer, createWorld, type WorldOptions } from '../testing/fake-ports.ts'

/** Every read and every write of a tool meets the same answer. */
async function failureOf(name: string, answer: Answer, more: Partial<WorldOptions> = {}) {
  const world = createWorld({ ...more, answers: { '*': answer } })
  const tool = findTool(name)
  if (tool === undefined) throw new Error(`There is no tool ${name}.`)
  const error = await world.failure(name, exampleOf(tool, 'least'), { hints: false })
  return { error, world, failure: error.tool }
}

const message = (text: unknown) => ({ message: text })

/** Answers of GitLab, and what each means. */
const cases: readonly [string, number, unknown, string, string?][] = [
  [
    'gitlab_issues_list',
    403,
    { error: 'insufficient_scope', scope: 'api read_api' },
    'SCOPE_MISSING',
  ],
  ['gitlab_issues_list', 403, message('403 Forbidden'), 'FORBIDDEN'],
  ['gitlab_issues_list', 403, message('Your account has been blocked.'), 'FORBIDDEN', 'account'],
  [
    'gitlab_job_retry',
    403,
    message('403 Forbidden - Job is not retryable'),
    'CONFLICT',
    'not_retryable',
  ],
  ['gitlab_issues_list', 404, message('404 Project Not Found'), 'PROJECT_NOT_FOUND', 'project'],
  ['gitlab_group_get', 404, message('404 Group Not Found'), 'NOT_FOUND', 'group'],
  ['gitlab_branch_get', 404, message('404 Branch Not Found'), 'BRANCH_NOT_FOUND', 'branch'],
  ['gitlab_file_get', 404, message('404 File Not Found'), 'NOT_FOUND', 'file'],
  ['gitlab_repository_tree_list', 404, message('404 Tree Not Found'), 'NOT_FOUND', 'file'],
  ['gitlab_pipeline_get', 404, message('404 Pipeline Not Found'), 'PIPELINE_NOT_FOUND', 'pipeline'],
  ['gitlab_issue_get', 404, message('404 Not found'), 'ISSUE_NOT_FOUND', 'issue'],
  ['gitlab_issue_get', 404, message('404 Not Found'), 'ISSUE_NOT_FOUND', 'issue'],
  [
    'gitlab_merge_request_get',
    404,
    message('404 Not found'),
    'MERGE_REQUEST_NOT_FOUND',
    'merge_request',
  ],
  ['gitlab_milestone_get', 404, message('404 Not found'), 'NOT_FOUND', 'milestone'],
  ['gitlab_issue_note_delete', 404, message('404 Not found'), 'NOT_FOUND', 'comment'],
  ['gitlab_job_get', 404, message('404 Not found'), 'NOT_FOUND', 'job'],
  ['gitlab_issue_get', 404, '<html>nginx</html>', 'NOT_FOUND', 'route'],
  ['gitlab_issue_get', 404, { error: '404 Not Found' }, 'NOT_FOUND', 'route'],
  [
    'gitlab_issue_update',
    405,
    message('405 Non GET methods are not allowed for moved projects'),
    'CONFLICT',
    'moved',
  ],
  [
    'gitlab_merge_request_merge',
    405,
    message('405 Method Not Allowed'),
    'CONFLICT',
    'not_mergeable',
  ],
  [
    'gitlab_merge_request_merge',
    422,
    message('Branch cannot be merged'),
    'CONFLICT',
    'not_mergeable',
  ],
  [
    'gitlab_merge_request_merge',
    409,
    message('SHA does not match HEAD of source branch: abc'),
    'CONFLICT',
    'stale',
  ],
  [
    'gitlab_merge_request_create',
    409,
    message(['Another open merge request already exists for this source branch: !3']),
    'CONFLICT',
    'exists',
  ],
  ['gitlab_project_member_add', 409, message('Member already exists'), 'CONFLICT', 'exists'],
  [
    'gitlab_project_variable_get',
    409,
    message(
      "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'",
    ),
    'CONFLICT',
    'not_unique',
  ],
  ['gitlab_issue_delete', 412, message('412 Precondition Failed'), 'CONFLICT'],
  [
    'gitlab_issue_create',
    409,
    { needs_captcha_response: true, error: 'Your issue has been recognized as spam.' },
    'FORBIDDEN',
    'spam',
  ],
  ['gitlab_issue_create', 400, message({ error: 'recognized as spam' }), 'FORBIDDEN', 'spam'],
  ['gitlab_issue_create', 400, message({ title: ["can't be blank"] }), 'VALIDATION_ERROR'],
  ['gitlab_issue_create', 400, { error: 'title is missing' }, 'VALIDATION_ERROR'],
  ['gitlab_issue_create', 400, message('400 Bad request - wrong'), 'VALIDATION_ERROR'],
  ['gitlab_label_create', 422, message('unprocessable'), 'VALIDATION_ERROR'],
  [
    'gitlab_pipeline_create',
    400,
    message({ base: ['Identity verification is required in order to run CI jobs'] }),
    'IDENTITY_VERIFICATION_REQUIRED',
  ],
  [
    'gitlab_pipeline_create',
    403,
    message('Identity verification is required'),
    'IDENTITY_VERIFICATION_REQUIRED',
  ],
  [
    'gitlab_pipeline_create',
    400,
    message({ base: ['Reference not found'] }),
    'BRANCH_NOT_FOUND',
    'branch',
  ],
  [
    'gitlab_file_update',
    400,
    message('You are attempting to update a file that has changed since you started editing it.'),
    'CONFLICT',
    'stale',
  ],
  [
    'gitlab_file_create',
    400,
    message('Could not update refs/heads/main. Please refresh and try again.'),
    'CONFLICT',
    'stale',
  ],
  [
    'gitlab_global_search',
    400,
    message('Scope supported only with advanced search'),
    'PREMIUM_REQUIRED',
  ],
  ['gitlab_global_search', 400, { error: 'scope does not have a valid value' }, 'PREMIUM_REQUIRED'],
  ['gitlab_issues_list', 500, message('500 Internal Server Error'), 'API_ERROR'],
  ['gitlab_issues_list', 418, '', 'API_ERROR'],
  ['gitlab_issues_list', 429, 'Retry later', 'RATE_LIMITED'],
]

verifies.suite('execute:classified', () => {
  test.each(cases)('%s: %d %j is %s %s', async (tool, status, body, code, reason) => {
    const { failure, world } = await failureOf(tool, {
      status,
      body,
      headers: { 'x-request-id': 'r-9' },
    })
    expect(failure).toMatchObject({
      name: tool,
      code,
      refusedBy: 'provider',
      providerStatus: status,
      providerRequestId: 'r-9',
      executionId: 'exe_1',
    })
    expect(failure?.reason).toBe(reason)
    expect(world.outcomes).toMatchObject([
      { result: code, refusedBy: 'provider', providerStatus: status },
    ])
  })

  test('fields come one by one', async () => {
    const body = message({ title: ["can't be blank", 'is short'], base: ['No.'] })
    const { failure } = await failureOf('gitlab_issue_create', { status: 400, body })
    expect(failure?.issues).toEqual([
      { field: 'title', problem: "can't be blank" },
      { field: 'title', problem: 'is short' },
      { field: '', problem: 'No.' },
    ])
  })

  test('the role that it usually takes is named', async () => {
    const answer = { status: 403, body: message('403 Forbidden') }
    const { error } = await failureOf('gitlab_issue_delete', answer)
    expect(error.nextStep).toContain('Owner')
  })

  test('missing scopes come with a link that asks for them', async () => {
    const body = { error: 'insufficient_scope', scope: 'api' }
    const more = { scopes: undefined }
    const { error } = await failureOf('gitlab_issue_create', { status: 403, body }, more)
    expect(error).toMatchObject({
      missingScopes: ['api'],
      connectUrl: 'https://app.example/connect?scopes=api',
    })
  })
})

test('text of the provider is quoted in one line, of at most 200 characters, and cannot end its quotation', async () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.constant('"\n'.repeat(300)),
  )
  await fc.assert(
    fc.asyncProperty(
      anything,
      fc.constantFrom(400, 403, 404, 409, 422, 500),
      async (text, status) => {
        const { error } = await failureOf('gitlab_issue_create', { status, body: message(text) })
        const [, quote = ''] = /: "([^"]*)"/.exec(error.detail) ?? []
        expect([...quote].length).toBeLessThanOrEqual(200)
        expect(error.detail.split('"')).toHaveLength(quote === '' ? 1 : 3)
        expect(error.detail).not.toMatch(/[\n\r]/)
      },
    ),
    { numRuns: 15 },
  )
})
