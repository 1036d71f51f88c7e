/** Every tool of GitLab from its arguments to its result, against a GitLab that is a stand-in. */
import { impliedScopes, isKeywellError, planScopes, type ToolFailure } from '@keywell/protocol'
import { gitlab } from '@keywell/providers'
import { createSandbox, type Sandbox, type SandboxControl, sandboxControl } from '@keywell/sandbox'
import { executeTool, listTools, type ToolDefinition } from '@keywell/tools'
import { expect, onTestFinished, test } from 'vitest'
import { gitlabToolSteps, type Known } from './support/gitlab-tool-steps.ts'
import { type TokenPorts, tokenPorts } from './support/tool-ports.ts'
import { verifies } from './support/verifies.ts'

const tools = listTools('gitlab')
const provider = { ...gitlab, tools }

interface World {
  sandbox: Sandbox
  control: SandboxControl
  /** What a call needs, with a new token of these scopes. */
  portsOf(username: string, scopes: readonly string[]): Promise<TokenPorts>
}

async function startWorld(): Promise<World> {
  const sandbox = await createSandbox({
    applications: [{ name: 'Northwind', clientId: 'app', redirectUris: ['http://127.0.0.1:9/'] }],
  })
  onTestFinished(() => sandbox.stop())
  const control = sandboxControl(sandbox.controlUrl)
  const portsOf = async (username: string, scopes: readonly string[]) => {
    const token = { clientId: 'app', username, scopes: [...scopes] }
    return tokenPorts(sandbox.url, (await control.issueToken(token)).accessToken)
  }
  return { sandbox, control, portsOf }
}

/** Calls every tool as it is right, in the order of the steps, with a token of the least scopes that are planned for it. */
async function walk(
  { portsOf }: World,
  before: (step: WalkedStep) => Promise<void> = async () => {},
): Promise<string[]> {
  const known: Known = {}
  const ran = new Set<string>()
  for (const { tool, as = 'ada', arguments: given, remember = {} } of gitlabToolSteps) {
    const { scopes } = planScopes({ provider, tools: [tool] })
    await before({ tool, as, scopes, arguments: given(known) })
    const { ports } = await portsOf(as, scopes)
    const { data } = await executeTool(ports, { tool, arguments: given(known) }).catch(
      (cause: unknown) => {
        throw new Error(`${tool} failed: ${JSON.stringify(cause)}`, { cause })
      },
    )
    for (const [name, path] of Object.entries(remember)) known[name] = fieldOf(data, path)
    ran.add(tool)
  }
  return [...ran].sort()
}

interface WalkedStep {
  tool: string
  as: string
  scopes: readonly string[]
  arguments: Record<string, unknown>
}

function fieldOf(data: unknown, path: string): string | number {
  const value = path.split('.').reduce<unknown>((from, name) => Object(from)[name], data)
  if (typeof value === 'string' || typeof value === 'number') return value
  throw new Error(`the answer has no ${path}: ${JSON.stringify(data)}`)
}

async function failureOf(
  { ports }: TokenPorts,
  tool: string,
  given: Record<string, unknown>,
): Promise<ToolFailure> {
  const error: unknown = await executeTool(ports, { tool, arguments: given }).then(
    ({ data }) => new Error(`${tool} did not fail: ${JSON.stringify(data)}`),
    (thrown: unknown) => thrown,
  )
  if (isKeywellError(error) && error.tool !== undefined) return error.tool
  throw error
}

/** All scopes that an application may ask for, without those that are or imply one. */
function allBut(needed: string): string[] {
  return gitlab.scopes
    .map(({ name }) => name)
    .filter((name) => !impliedScopes(gitlab, [name]).includes(needed))
}

/** The first step of each tool, with numbers that nothing has. */
function exampleCalls(): { tool: ToolDefinition; given: Record<string, unknown> }[] {
  const nowhere: Known = new Proxy({}, { get: () => 999_999 })
  return tools.map((tool) => {
    const found = gitlabToolSteps.find((each) => each.tool === tool.name)
    if (found === undefined) throw new Error(`no step calls ${tool.name}`)
    return { tool, given: found.arguments(nowhere) }
  })
}

verifies(
  'tools:whole-way',
  async () => {
    expect(await walk(await startWorld())).toEqual(tools.map(({ name }) => name).sort())
  },
  { timeout: 60_000 },
)

verifies(
  'tools:least-scopes',
  async () => {
    const world = await startWorld()
    await walk(world, async ({ tool, as, scopes, arguments: given }) => {
      for (const left of scopes) {
        const others = scopes.filter((scope) => scope !== left)
        const ports = await world.portsOf(as, [...others, ...allBut(left)])
        const { code, refusedBy } = await failureOf(ports, tool, given)
        expect([code, refusedBy], `${tool} without ${left}`).toEqual(['SCOPE_MISSING', 'provider'])
      }
    })
  },
  { timeout: 60_000 },
)

verifies.suite('tools:bad-calls', () => {
  test('an argument that is missing is refused before anything is sent', async () => {
    const ports = await (await startWorld()).portsOf('ada', ['api'])
    for (const { tool, given } of exampleCalls()) {
      for (const { name } of tool.parameters.filter(({ required }) => required)) {
        const { [name]: _, ...rest } = given
        const { code, refusedBy, issues } = await failureOf(ports, tool.name, rest)
        expect([code, refusedBy, issues?.map(({ field }) => field)], tool.name).toEqual([
          'VALIDATION_ERROR',
          'keywell',
          [name],
        ])
      }
    }
    expect(ports.sent).toEqual([])
  })

  test('a project that is not there is named as that', async () => {
    const ports = await (await startWorld()).portsOf('ada', ['api'])
    const calls = exampleCalls().filter(({ tool }) => tool.path.startsWith('/projects/{id}'))
    expect(calls.length).toBeGreaterThan(80)
    for (const { tool, given } of calls) {
      const { code } = await failureOf(ports, tool.name, { ...given, project_id: 'lighthouse/no' })
      expect(code, tool.name).toBe('PROJECT_NOT_FOUND')
    }
  })

  test('a record that is not there is not found, by every tool that names one', async () => {
    const ports = await (await startWorld()).portsOf('ada', ['api'])
    const codes: Record<string, string> = {}
    for (const { tool, given } of exampleCalls()) {
      const named = tool.parameters.filter((each) => each.in === 'path' && each.place === undefined)
      const last = named.at(-1)
      if (last === undefined || tool.method === 'POST') continue
      // A file that is not there cannot be changed, says GitLab, and calls that a wrong argument.
      if (['gitlab_file_update', 'gitlab_file_delete'].includes(tool.name)) continue
      const value = last.type === 'integer' ? 999_999 : 'nowhere'
      codes[tool.name] = (await failureOf(ports, tool.name, { ...given, [last.name]: value })).code
    }
    expect(Object.keys(codes).length).toBeGreaterThan(40)
    for (const [name, code] of Object.entries(codes)) expect(code, name).toMatch(/NOT_FOUND$/)
    expect(codes).toMatchObject({
      gitlab_issue_get: 'ISSUE_NOT_FOUND',
      gitlab_merge_request_get: 'MERGE_REQUEST_NOT_FOUND',
      gitlab_pipeline_get: 'PIPELINE_NOT_FOUND',
      gitlab_branch_get: 'BRANCH_NOT_FOUND',
      gitlab_milestone_get: 'NOT_FOUND',
    })
  })
})
