import { providers } from '@keywell/providers'
import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { unlistedTools } from './gitlab/unlisted.ts'
import {
  findTool,
  githubTools,
  gitlabTools,
  listTools,
  summarizeTool,
  type ToolDefinition,
} from './index.ts'
import { documentedOperations, undocumentedTools } from './testing/gitlab-operations.ts'
import { catalogueFaults } from './testing/table.ts'

/** Any tool, as a copy that a test may spoil. */
const spoilt = (change: Partial<ToolDefinition>): ToolDefinition => {
  const tool = findTool('gitlab_issue_update')
  if (tool === undefined) throw new Error('It is gone.')
  return { ...tool, ...change }
}

verifies.suite('tools:table', () => {
  test('GitLab has 110 tools in 16 groups: 55 read, 40 write, 15 destroy', () => {
    expect(gitlabTools).toHaveLength(110)
    expect(new Set(gitlabTools.map(({ group }) => group)).size).toBe(16)
    const count = (effect: string) => gitlabTools.filter((tool) => tool.effect === effect).length
    expect([count('read'), count('write'), count('destroy')]).toEqual([55, 40, 15])
    expect(gitlabTools.filter(({ sensitive }) => sensitive)).toHaveLength(19)
    expect(gitlabTools.filter(({ idempotent }) => idempotent)).toHaveLength(85)
  })

  test('GitHub has 10 tools in 4 groups: 6 read, 4 write', () => {
    expect(githubTools).toHaveLength(10)
    expect(new Set(githubTools.map(({ group }) => group)).size).toBe(4)
    expect(githubTools.filter(({ effect }) => effect === 'read')).toHaveLength(6)
    expect(githubTools.filter(({ effect }) => effect === 'write')).toHaveLength(4)
  })

  test('no definition has a fault', () => {
    expect(catalogueFaults([...gitlabTools, ...unlistedTools, ...githubTools])).toEqual([])
  })

  test('every scope of a tool is one of its provider', () => {
    for (const provider of providers) {
      const names = provider.scopes.map(({ name }) => name)
      const tools = listTools(provider.name)
      const unknown = tools.filter(({ scopes }) => !scopes.every((scope) => names.includes(scope)))
      expect(unknown).toEqual([])
    }
  })

  const id = { name: 'project_id', in: 'path', pathParam: 'id', type: 'string' } as const
  const iid = { name: 'issue_iid', in: 'path', type: 'integer', required: true } as const
  const both = [
    { ...id, required: true as const, description: 'x' },
    { ...iid, description: 'x' },
  ]
  test.each<[Partial<ToolDefinition>, RegExp]>([
    [{ name: 'gitlab issue' }, /no name of a tool/],
    [{ description: ' ' }, /empty text/],
    [{ scopes: [] }, /no scope/],
    [{ listIn: { items: 'a', total: 'b' } }, /no list is in it/],
    [{ response: 'list', entriesOf: 'a' }, /it has no entries/],
    [{ effect: 'read' }, /PUT/],
    [{ parameters: both.slice(1) }, /\{id\} has no parameter/],
    [{ parameters: [{ ...id, description: 'x' }, ...both.slice(1)] }, /\{id\} may be left out/],
    [{ parameters: [...both, { ...iid, name: 'other', description: 'x' }] }, /other has no place/],
    [{ parameters: [...both, { ...both[0], in: 'body' } as never] }, /project_id is there twice/],
    [
      {
        parameters: [
          ...both,
          { name: 'x', aliases: ['issue_iid'], in: 'body', type: 'string', description: 'x' },
        ],
      },
      /issue_iid is there twice/,
    ],
    [
      {
        parameters: [
          ...both,
          { name: 'a', in: 'body', type: 'string', description: 'x' },
          { name: 'b', wireName: 'a', in: 'body', type: 'string', description: 'x' },
        ],
      },
      /a is sent twice/,
    ],
    [
      {
        parameters: [
          ...both,
          { name: 'a', in: 'body', type: 'string', enum: [], description: 'x' },
        ],
      },
      /a: empty enum/,
    ],
    [
      { parameters: [...both, { name: 'a', in: 'body', type: 'array', description: 'x' }] },
      /a: an array without items/,
    ],
    [
      {
        parameters: [
          ...both,
          { name: 'a', in: 'body', type: 'string', enum: ['b'], default: 'c', description: 'x' },
        ],
      },
      /a: the default is not in the enum/,
    ],
    [{ anyOf: [['nosuch']] }, /nosuch is no parameter/],
    [{ parameters: [{ ...both[0], placeWithin: 'owner' } as never] }, /owner is no parameter/],
    [{ effect: 'destroy' }, /no target/],
    [{ target: { tool: 'gitlab_issue_delete' } }, /gitlab_issue_delete is no tool that reads/],
    [{ target: { tool: 'gitlab_pipeline_get' } }, /the target needs pipeline_id/],
    [{ target: { tool: 'gitlab_issues_list' } }, /one of gitlab_issues_list is not one thing/],
  ])('a fault is found: %o', (change, fault) => {
    const others = gitlabTools.filter(({ name }) => name !== 'gitlab_issue_update')
    expect(catalogueFaults([spoilt(change), ...others]).join('\n')).toMatch(fault)
  })

  test('a name that is there twice is found', () => {
    expect(catalogueFaults([spoilt({}), spoilt({})])).toEqual([
      'gitlab_issue_update: the name is there twice',
    ])
  })
})

verifies('tools:operations', () => {
  const operationOf = ({ method, path }: ToolDefinition) => `${method} ${path}`
  const undocumented = gitlabTools.filter((tool) => !documentedOperations.has(operationOf(tool)))
  expect(undocumented.map(({ name }) => name).toSorted()).toEqual(undocumentedTools.toSorted())
  const used = new Set(gitlabTools.map(operationOf))
  expect([...documentedOperations].filter((operation) => !used.has(operation))).toEqual([])
  expect(used.size, 'no operation is there twice').toBe(gitlabTools.length)
})

test('a tool is found by its exact name, and nothing else is', () => {
  for (const tool of gitlabTools) expect(findTool(tool.name)).toBe(tool)
  for (const name of [
    '',
    'gitlab_issues_list ',
    'GITLAB_ISSUES_LIST',
    '__proto__',
    'constructor',
  ]) {
    expect(findTool(name), name).toBeUndefined()
  }
})

test('a tool that serves a profile alone is found, and is in no list', () => {
  for (const tool of unlistedTools) {
    expect(findTool(tool.name)).toBe(tool)
    expect(gitlabTools).not.toContain(tool)
  }
})

test('a provider without tools has none', () => {
  expect(listTools('gitlab')).toBe(gitlabTools)
  expect(listTools('github')).toBe(githubTools)
  for (const name of ['', 'bitbucket', '__proto__', 'size'])
    expect(listTools(name), name).toEqual([])
})

test('a summary has what a person who chooses scopes must know, and is a copy', () => {
  const [tool] = gitlabTools
  if (tool === undefined) throw new Error('There are no tools.')
  const summary = summarizeTool(tool)
  expect(summary).toEqual({
    name: 'gitlab_projects_list',
    title: 'List projects',
    group: 'projects',
    scopes: ['read_api'],
  })
  expect(summary.scopes).not.toBe(tool.scopes)
})
