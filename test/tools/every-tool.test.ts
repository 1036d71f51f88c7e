/**
 * Each of GitLab's tools at the stand-in, which was written from GitLab's own document and not from the tools: right calls,
 * wrong ones, and tokens that may do too little.
 */
import type { KeywellError } from '@keywell/protocol'
import { missingScopes, planScopes } from '@keywell/protocol'
import { providers } from '@keywell/providers'
import { createSandbox, sandboxControl } from '@keywell/sandbox'
import { findTool, listTools, type ToolDefinition } from '@keywell/tools'
import { afterAll, beforeAll, expect } from 'vitest'
import { verifies } from '../support/verifies.ts'
import { createDirect, type Direct } from './direct-ports.ts'
import { day, type Made } from './every-tool.ts'

const tools = listTools('gitlab')
const scopes = providers.find(({ name }) => name === 'gitlab')?.scopes ?? []
const planner = { scopes, tools }

const reading = ['read_user', 'read_repository', 'read_api']

let sandbox: Awaited<ReturnType<typeof createSandbox>>
const direct = new Map<string, Promise<Direct>>()
const tokens: string[] = []

beforeAll(async () => {
  sandbox = await createSandbox({ host: '127.0.0.1' })
})
afterAll(() => sandbox.stop())

/** With a token of exactly these scopes. */
function withScopes(scopes: readonly string[], username = 'ada'): Promise<Direct> {
  const key = [username, ...scopes].join(' ')
  const known = direct.get(key) ?? make()
  direct.set(key, known)
  return known

  async function make(): Promise<Direct> {
    const control = sandboxControl(sandbox.controlUrl)
    const { value } = await control.issuePersonalAccessToken({
      username,
      scopes: [...scopes],
    })
    tokens.push(value)
    return createDirect({ provider: 'gitlab', host: sandbox.url, token: value, isPersonal: true })
  }
}

function planned(tool: ToolDefinition): readonly string[] {
  return planScopes({ provider: planner, tools: [tool.name] }).scopes
}

const failureOf = (call: Promise<unknown>): Promise<KeywellError> =>
  call.then(
    (result) => {
      throw new Error(`It did not fail: ${JSON.stringify(result).slice(0, 200)}`)
    },
    (error) => error,
  )

verifies('tools:every-tool', async () => {
  const made: Made = {}
  const results: string[] = []
  const run = new Set<string>()
  for (const { tool, arguments: argumentsOf, keep, as } of day) {
    const definition = findTool(tool)
    if (definition === undefined) throw new Error(`There is no ${tool}.`)
    const given = argumentsOf(made)
    // No scope could be left out: a token with everything that does not cover it is refused.
    if (!run.has(tool)) await expectTooLittle(definition, given)
    const result = await (await withScopes(planned(definition), as))
      .call(tool, given)
      .catch((error: KeywellError) => {
        const what = JSON.stringify(error.toProblem?.() ?? String(error))
        throw new Error(`${tool} ${JSON.stringify(given)}: ${what}`)
      })
    results.push(JSON.stringify(result))
    run.add(tool)
    if (keep !== undefined) Object.assign(made, keep(result.data as never))
  }
  expect(tools.map(({ name }) => name).filter((name) => !run.has(name))).toEqual([])
  for (const secret of [...tokens, 'kw-canary-variable']) {
    expect(results.filter((result) => result.includes(secret))).toEqual([])
  }
})

/** With every scope of reading that does not cover what the tool needs. */
async function expectTooLittle(
  tool: ToolDefinition,
  given: Record<string, unknown>,
): Promise<void> {
  const others = reading.filter((scope) => missingScopes(planner, tool.scopes, [scope]).length > 0)
  const error = await failureOf((await withScopes(others)).call(tool.name, given))
  expect({ tool: tool.name, ...error.tool }).toMatchObject({
    tool: tool.name,
    code: 'SCOPE_MISSING',
    refusedBy: 'provider',
  })
}

/** What no step has made. */
const nothing: Made = new Proxy(
  {},
  { get: (_, of) => (of === 'project' ? 'nobody/nothing' : 999_999) },
)

verifies('tools:every-refusal', async () => {
  const agent = await withScopes(['api'])
  for (const { tool, arguments: argumentsOf } of day) {
    const given = argumentsOf(nothing)
    const before = agent.sent.length
    // What nobody has defined is sent to nobody.
    const unknown = await failureOf(agent.call(tool, { ...given, nonsense: true }))
    expect({ tool, ...unknown.tool }).toMatchObject({
      code: 'VALIDATION_ERROR',
      refusedBy: 'keywell',
    })
    expect(unknown.tool?.issues).toMatchObject([{ field: 'nonsense' }])
    expect(agent.sent).toHaveLength(before)
    if (!findTool(tool)?.path.includes('{') || argumentsOf({}).project_id !== undefined) continue
    const absent = await failureOf(agent.call(tool, given))
    expect({ tool, ...absent.tool }).toMatchObject({
      code: expect.stringMatching(/NOT_FOUND$/),
      refusedBy: 'provider',
      providerStatus: 404,
    })
    expect(absent.nextStep).not.toBe('')
    for (const token of tokens) expect(JSON.stringify(absent.toProblem())).not.toContain(token)
  }
})
