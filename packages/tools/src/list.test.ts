import { type ConnectionId, toolViewSchema } from '@keywell/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import {
  findTool,
  type ListedConnection,
  type ListScopedInput,
  listCatalogue,
  listScoped,
  listToolProviders,
  listTools,
  type ToolConnection,
  type ToolPolicy,
  toolViewOf,
} from './index.ts'
import { connection, openPolicy } from './testing/fake-ports.ts'

const all = listToolProviders().flatMap(listTools)
const whole = { offset: 0, limit: 1_000 }

function on(
  change: Partial<ToolConnection> = {},
  policy: Partial<ToolPolicy> = {},
  state: ListedConnection['state'] = 'active',
): ListedConnection {
  return { connection: { ...connection, ...change }, state, policy: { ...openPolicy, ...policy } }
}

function list(connections: readonly ListedConnection[], more: Partial<ListScopedInput> = {}) {
  return listScoped({ connections, filter: {}, includeUnavailable: false, page: whole, ...more })
}

const names = ({ tools }: { tools: readonly { name: string }[] }) => tools.map(({ name }) => name)

verifies.suite('tools:listed', () => {
  test('the catalogue has every tool in its order, and pages join to the whole', () => {
    expect(names(listCatalogue({}, whole))).toEqual(all.map(({ name }) => name))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (limit) => {
        const found: string[] = []
        for (let offset: number | undefined = 0; offset !== undefined; ) {
          const page = listCatalogue({}, { offset, limit })
          expect(page.totalSize).toBe(all.length)
          found.push(...names(page))
          offset = page.nextOffset
        }
        expect(found).toEqual(all.map(({ name }) => name))
      }),
      { numRuns: 10 },
    )
  })

  test('between kinds of filters it is "and", within one "or"', () => {
    const found = (filter: Parameters<typeof listCatalogue>[0]) =>
      names(listCatalogue(filter, whole))
    expect(found({ toolNames: ['gitlab_issue_get', 'gitlab_job_get'] })).toHaveLength(2)
    expect(found({ toolNames: ['gitlab_issue_get', 'gitlab_job_get'], groups: ['jobs'] })).toEqual([
      'gitlab_job_get',
    ])
    expect(found({ effect: 'destroy', providers: ['gitlab'] })).toHaveLength(15)
    expect(found({ query: 'DELETE milestone' })).toEqual(['gitlab_milestone_delete'])
    expect(found({ toolNames: [] })).toEqual([])
  })

  test('each view is what the route promises, and says no more of a reader than that it reads', () => {
    for (const tool of all) {
      const view = toolViewOf(tool)
      expect(toolViewSchema.parse(view), tool.name).toEqual(view)
      expect(view.annotations.readOnlyHint).toBe(tool.effect === 'read')
      expect('destructiveHint' in view.annotations).toBe(tool.effect !== 'read')
    }
    const tool = findTool('gitlab_issue_delete')
    expect(tool && toolViewOf(tool)).toMatchObject({
      provider: 'gitlab',
      annotations: { destructiveHint: true, idempotentHint: true, openWorldHint: true },
      outputSchema: { type: 'object', required: ['data'] },
    })
  })
})

verifies.suite('tools:list-scoped', () => {
  const asked = {
    toolNames: ['gitlab_issue_get', 'gitlab_issue_delete', 'gitlab_isue_get'],
  }

  test('what scopes, policy and state of the connection allow; the rest with the reason', () => {
    const reader = list([on({ scopes: ['read_api'] })], { filter: asked })
    expect(names(reader)).toEqual(['gitlab_issue_get'])
    expect(reader.unavailable).toEqual([
      { name: 'gitlab_issue_delete', reason: 'scope_missing', missingScopes: ['api'] },
      {
        name: 'gitlab_isue_get',
        reason: 'unknown',
        similar: expect.arrayContaining(['gitlab_issue_get']),
      },
    ])
    const reasons = (connections: ListedConnection[]) =>
      list(connections, { filter: { toolNames: ['gitlab_issue_delete'] } }).unavailable.map(
        ({ reason }) => reason,
      )
    expect(reasons([])).toEqual(['not_connected'])
    expect(reasons([on({}, {}, 'needs_reauth')])).toEqual(['needs_reauth'])
    expect(reasons([on({}, { readOnly: true })])).toEqual(['policy'])
    expect(reasons([on({}, { denied: ['gitlab_issue_*'] })])).toEqual(['policy'])
    expect(reasons([on({ scopes: undefined })])).toEqual([])
  })

  test('the readers of a connection that may only read are the 55', () => {
    const reader = [on({ scopes: ['read_api'] })]
    expect(list(reader, { filter: { providers: ['gitlab'] } }).totalSize).toBe(55)
    expect(
      list([on({}, { readOnly: true })], { filter: { providers: ['gitlab'] } }).totalSize,
    ).toBe(55)
    expect(list([on()]).totalSize).toBe(110)
  })

  test('with those that cannot be run, where that is asked for', () => {
    const { tools, unavailable } = list([on({ scopes: ['read_api'] })], {
      filter: asked,
      includeUnavailable: true,
    })
    expect(tools.map(({ name }) => name)).toEqual(['gitlab_issue_get', 'gitlab_issue_delete'])
    expect(unavailable).toHaveLength(2)
  })

  test('a tool has its connection, and says whether a person has to approve', () => {
    const [view] = list([on({}, { approval: 'destroy' })], {
      filter: { toolNames: ['gitlab_issue_delete'] },
    }).tools
    expect(view).toMatchObject({
      needsApproval: true,
      connectionId: connection.id,
      connectionName: 'default',
    })
  })

  test('of several connections, the one that a call without a name uses, or those that are named', () => {
    // Another id is all that matters here.
    const id = 'con_01JDXYZABCDEFGHJKMNPQRSTVX' as ConnectionId
    const both = [on(), on({ id, name: 'work' })]
    const chosen = (connectionNames?: string[]) => {
      const { tools } = list(both, {
        filter: { toolNames: ['gitlab_user_get'], ...(connectionNames && { connectionNames }) },
      })
      return tools.map(({ connectionName }) => connectionName)
    }
    expect(chosen()).toEqual(['default'])
    expect(chosen(['work'])).toEqual(['work'])
    expect(chosen(['gitlab/work'])).toEqual(['work'])
    expect(chosen(['gitlab'])).toEqual(['default'])
    expect(chosen(['gitlab', 'work'])).toEqual(['default', 'work'])
    expect(chosen(['other'])).toEqual([])
  })
})
