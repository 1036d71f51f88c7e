/**
 * What a tool costs beside a bare request of the same thing, on the stand-in GitLab of this machine; how long lists and
 * schemas take; and how much of a model's context the definitions fill.
 */
import { createSandbox, sandboxControl } from '@keywell/sandbox'
import {
  executeTool,
  inputSchemaOf,
  listTools,
  type ToolDefinition,
  type ToolPorts,
  toolViewOf,
} from '@keywell/tools'
import { compactTools, type McpTool, type McpTools, mcpToolOf } from '@keywell/tools/mcp'
import { countTokens } from 'gpt-tokenizer'
import { isShort, quantile } from './contest.ts'
import type { Bench, Figure } from './figure.ts'
import { benchPorts } from './tool-ports.ts'
import { throughService } from './tools-service.ts'
import { added, inTurn, milliseconds, throughput, timeOf } from './turns.ts'

const calls = isShort ? 20 : 2_000
const lists = isShort ? 2 : 200
const tool = 'gitlab_issues_list'
const args = { project_id: 'lighthouse/webshop', per_page: 20 }

export const tools: Bench = [firstSchemas, listing, tokens, executed, throughService]

/** Must be measured before anything else asks for a schema. */
async function firstSchemas(): Promise<Figure[]> {
  const times = listTools('gitlab').map((definition) => timeOfSync(() => inputSchemaOf(definition)))
  return [
    milliseconds('first schema of a tool, median', quantile(times, 0.5), 3),
    milliseconds('first schema of a tool, slowest', Math.max(...times), null),
  ]
}

async function listing(): Promise<Figure[]> {
  const times = Array.from({ length: lists }, () =>
    timeOfSync(() => JSON.stringify(listTools('gitlab').map(toolViewOf))),
  )
  return [milliseconds('list of 110 tools, as JSON, p50', quantile(times, 0.5), 10)]
}

async function tokens(): Promise<Figure[]> {
  const all = listTools('gitlab')
  const shown = (some: readonly ToolDefinition[]) => some.map((each) => mcpToolOf(toolViewOf(each)))
  const behind: McpTools = {
    list: async () => shown(all),
    call: async () => ({ structured: {} }),
  }
  const compact = compactTools(behind, { provider: 'gitlab', defaultPlaces: {} })
  const profiles: [string, readonly McpTool[]][] = [
    ['full', shown(all)],
    ['read', shown(all.filter(({ effect }) => effect === 'read'))],
    ['compact', await compact.list()],
  ]
  return profiles.map(([name, list]) => ({
    name: `definitions of the profile ${name}: ${list.length} tools (o200k)`,
    value: countTokens(JSON.stringify(list.map(asModelsGetIt))),
    unit: 'tokens',
    goal: null,
    better: 'lower' as const,
  }))
}

function asModelsGetIt({ name, description, inputSchema }: McpTool) {
  return { name, description, input_schema: inputSchema }
}

async function executed(): Promise<Figure[]> {
  const sandbox = await createSandbox()
  try {
    const control = sandboxControl(sandbox.controlUrl)
    const token = await control.issuePersonalAccessToken({ username: 'ada', scopes: ['api'] })
    const ports = benchPorts(sandbox.url, token.value)
    const path = `/api/v4/projects/${encodeURIComponent(args.project_id)}/issues?per_page=20`
    const bare = async () => {
      const headers = { 'private-token': token.value }
      const answer = await fetch(`${sandbox.url}${path}`, { headers })
      if (!answer.ok) throw new Error(`The stand-in answered ${answer.status}.`)
      return await answer.json()
    }
    const call = () => executeTool(ports, { tool, arguments: args })
    await inTurn(bare, call, isShort ? 1 : 200)
    const times = await inTurn(bare, call, calls)
    const atHand = await callsAtHand(ports)
    return [
      milliseconds('a call whose answer is at hand, p50', quantile(atHand, 0.5), 1),
      milliseconds('bare request, p50', quantile(times.bare, 0.5), null),
      milliseconds('added by the executor, p50', added(times, 0.5), 1),
      milliseconds('added by the executor, p99', added(times, 0.99), 3),
      await throughput('calls', call, calls),
    ]
  } finally {
    await sandbox.stop()
  }
}

/** Without the network: what the executor itself takes, on a machine that is busy, too. */
async function callsAtHand(ports: ToolPorts): Promise<number[]> {
  const body = new TextEncoder().encode(JSON.stringify(Array.from({ length: 20 }, () => issue)))
  const headers = new Headers()
  const answer = { status: 200, headers, body, isCut: false, generation: 1, secrets: ['a token'] }
  const own = { ...ports, send: async () => answer }
  const times: number[] = []
  for (let done = 0; done < calls; done += 1) {
    times.push(await timeOf(() => executeTool(own, { tool, arguments: args })))
  }
  return times
}

const issue = {
  id: 1,
  iid: 2,
  title: 'Login fails on Safari',
  description: 'Steps to reproduce. '.repeat(20),
  state: 'opened',
  labels: ['bug'],
  author: { id: 1, username: 'ada' },
}

function timeOfSync(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}
