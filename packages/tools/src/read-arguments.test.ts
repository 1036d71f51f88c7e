import { describe, expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { gitlabTools } from './gitlab/index.ts'
import { findTool, inputSchemaOf, readArguments } from './index.ts'

function read(name: string, given: unknown) {
  const tool = findTool(name)
  if (tool === undefined) throw new Error(`There is no tool ${name}.`)
  return readArguments(tool, given)
}
const issuesOf = (name: string, given: unknown) => {
  const answer = read(name, given)
  return 'issues' in answer ? answer.issues.map(({ field, problem }) => `${field}: ${problem}`) : []
}
const list = (given: object) => read('gitlab_issues_list', { project_id: 'acme/api', ...given })

verifies.suite('tools:arguments', () => {
  test.each([
    ['a number for a text', { project_id: 7 }, { project_id: '7' }],
    ['another name', { id: 'acme/api' }, { project_id: 'acme/api' }],
    ['digits for a number', { page: '3' }, { page: 3 }],
    ['a page that is too low', { page: 0, per_page: 0 }, { page: 1, per_page: 1 }],
    ['a page that is too long', { per_page: 5_000 }, { per_page: 100 }],
    ['a list for a text with commas', { labels: ['bug', 'ui'] }, { labels: 'bug,ui' }],
    ['one value for a list', { iids: 4 }, { iids: [4] }],
    ['digits in a list', { iids: ['4', '5'] }, { iids: [4, 5] }],
    ['text for yes and no', { confidential: 'true' }, { confidential: true }],
    ['null for left out', { state: null }, {}],
    ['an empty text, which clears', { labels: '' }, { labels: '' }],
    [
      'a moment',
      { created_after: '2026-11-30T10:00:00+02:00' },
      { created_after: '2026-11-30T10:00:00+02:00' },
    ],
    ['a day for a moment', { created_after: '2026-11-30' }, { created_after: '2026-11-30' }],
  ])('%s is taken', (_, given, taken) => {
    const whole = 'id' in given ? given : { project_id: 'acme/api', ...given }
    expect(read('gitlab_issues_list', whole)).toEqual({
      arguments: { project_id: 'acme/api', ...taken },
    })
  })

  test.each<[string, unknown, RegExp]>([
    ['no object', ['x'], /must be one object/],
    ['nothing that is required', {}, /^project_id: It is required: Project/],
    [
      'a name that is nearly right',
      { project_id: 1, lables: 'x' },
      /^lables: .*Did you mean labels\?$/,
    ],
    [
      'a name that is far off',
      { project_id: 1, zzzzzzzzzz: 'x' },
      /^zzzzzzzzzz: .*It has project_id, /,
    ],
    ['a name of every object', { project_id: 1, constructor: 'x' }, /^constructor: /],
    ['two names of one', { project_id: 1, id: 2 }, /^project_id: It is given twice/],
    ['another value', { project_id: 1, state: 'open' }, /^state: .*"opened"/],
    ['a fraction', { project_id: 1, page: 1.5 }, /^page: /],
    ['a text for yes and no', { project_id: 1, confidential: 'maybe' }, /^confidential: /],
    ['no moment', { project_id: 1, created_after: 'yesterday' }, /^created_after: /],
    ['an object for a text', { project_id: { $ne: 1 } }, /^project_id: /],
  ])('%s is refused by name', (_, given, problem) => {
    expect(issuesOf('gitlab_issues_list', given).join('\n')).toMatch(problem)
  })

  test('all that is wrong is said at once', () => {
    expect(issuesOf('gitlab_issues_list', { state: 'open', page: 'x', zzzz: 1 })).toHaveLength(4)
  })

  test('what belongs together is held together', () => {
    const comment = { project_id: 1, sha: 'abc', note: 'x' }
    expect(issuesOf('gitlab_commit_comment_create', { ...comment, path: 'a' })).toEqual([
      ': Give all of path, line, line_type, or none of them.',
    ])
    expect(issuesOf('gitlab_project_create', {})).toEqual([': Give name, or path.'])
    expect(issuesOf('gitlab_issue_update', { project_id: 1, issue_iid: 2 })[0]).toMatch(
      /^: It changes nothing. Give at least one of title, /,
    )
  })

  test('a structured value is checked inside', () => {
    const run = { project_id: 1, ref: 'main' }
    const variables = [{ key: 'A', value: 'b', secret: 1 }]
    expect(issuesOf('gitlab_pipeline_create', { ...run, variables })).toEqual([
      'variables.0.secret: There is no such field.',
    ])
  })
})

describe('what agents are told of the arguments', () => {
  test('is JSON Schema of the parameters, as model APIs take it', () => {
    expect(inputSchemaOf(gitlabTools[0] as never)).toBe(inputSchemaOf(gitlabTools[0] as never))
    for (const tool of gitlabTools) {
      const schema = inputSchemaOf(tool)
      expect(schema, tool.name).toMatchObject({ type: 'object', additionalProperties: false })
      const properties = schema.properties as Record<
        string,
        { description?: string; type?: string }
      >
      expect(Object.keys(properties)).toEqual(tool.parameters.map(({ name }) => name))
      for (const { name, description } of tool.parameters) {
        expect(properties[name]?.description, `${tool.name} ${name}`).toBe(description)
      }
      const required = tool.parameters.filter((each) => each.required).map(({ name }) => name)
      expect(schema.required ?? [], tool.name).toEqual(required)
    }
  })

  test('names types, values and bounds', () => {
    const { properties } = inputSchemaOf(findTool('gitlab_issues_list') as never) as {
      properties: Record<string, unknown>
    }
    expect(properties.per_page).toMatchObject({
      type: 'integer',
      minimum: 1,
      maximum: 100,
      default: 20,
    })
    expect(properties.state).toMatchObject({
      type: 'string',
      enum: expect.arrayContaining(['opened']),
    })
    expect(list({})).toEqual({ arguments: { project_id: 'acme/api' } })
  })
})
