/**
 * The compact profile in front of the tools of a caller, for models with little room.
 *
 * ```ts
 * createMcpServer(compactTools(tools, { provider: 'gitlab', defaultPlaces: policy.defaultPlaces }), options)
 * ```
 */
import { isKeywellError } from '@keywell/protocol'
import { inputSchemaOf } from '../argument-schema.ts'
import { listCompactTools } from '../catalogue.ts'
import {
  approvalArgument,
  type McpAnswer,
  type McpCall,
  type McpTool,
  type McpTools,
  objectSchema,
} from '../mcp/mcp-tools.ts'
import { nearestNames } from '../nearest.ts'
import { type ArgumentIssue, readArguments } from '../read-arguments.ts'
import { refuse } from '../refusal.ts'
import { compactAnswer, compactOutput } from './compact-answer.ts'
import { callOf, definitionOf } from './compact-definition.ts'
import type { CompactTool } from './compact-tool.ts'
import { inCompactWords } from './compact-words.ts'

export interface CompactOptions {
  readonly provider: string
  /** By kind of place, those of the policy. */
  readonly defaultPlaces: Readonly<Record<string, string>>
}

export function compactTools(tools: McpTools, options: CompactOptions): McpTools {
  const profile = listCompactTools(options.provider)
  return {
    async list() {
      const behind = new Map((await tools.list()).map((tool) => [tool.name, tool]))
      return profile.flatMap((compact) => {
        const names = [compact.listedWith ?? compact.tool, ...(compact.within ?? []).map(toolOf)]
        const [found] = names.flatMap((name) => behind.get(name) ?? [])
        return found === undefined ? [] : [shown(compact, found)]
      })
    },
    async call(call) {
      const compact = profile.find(({ name }) => name === call.name)
      if (compact === undefined) return unknown(call.name, profile)
      return run(tools, compact, call, { profile, ...options })
    },
  }
}

const toolOf = ({ tool }: { readonly tool: string }): string => tool

function shown(compact: CompactTool, behind: McpTool): McpTool {
  const definition = definitionOf(compact)
  const input = objectSchema(inputSchemaOf(definition))
  const properties: Readonly<Record<string, unknown>> = Object(behind.inputSchema.properties)
  // A call of it is one that a person approves first.
  const approval = properties[approvalArgument]
  return {
    name: compact.name,
    title: compact.title,
    description: compact.description,
    inputSchema:
      approval === undefined
        ? input
        : { ...input, properties: { ...Object(input.properties), [approvalArgument]: approval } },
    outputSchema: compactOutput(compact, definition),
    annotations: { ...behind.annotations, title: compact.title },
  }
}

async function run(
  tools: McpTools,
  compact: CompactTool,
  call: McpCall,
  { profile, defaultPlaces }: CompactOptions & { readonly profile: readonly CompactTool[] },
): Promise<McpAnswer> {
  const definition = definitionOf(compact)
  const read = readArguments(definition, call.arguments)
  if ('issues' in read) return invalid(compact, read.issues)
  const { tool, ...sent } = callOf(compact, read.arguments, defaultPlaces)
  try {
    const answer = await tools.call({ ...call, name: tool, ...sent })
    const structured = compactAnswer(compact, definition, read.arguments, answer.structured)
    return { ...answer, structured }
  } catch (error) {
    throw isKeywellError(error) ? inCompactWords(error, compact, profile) : error
  }
}

function invalid({ name }: CompactTool, issues: readonly ArgumentIssue[]): never {
  const said = issues.map(({ field, problem }) => (field === '' ? problem : `${field}: ${problem}`))
  refuse(name, {
    code: 'VALIDATION_ERROR',
    message: said.join(' '),
    nextStep: 'Correct the arguments, then call again.',
    more: { issues: [...issues] },
  })
}

function unknown(asked: string, profile: readonly CompactTool[]): never {
  const name = asked.slice(0, 100)
  const names = profile.map((tool) => tool.name)
  refuse(name, {
    code: 'TOOL_NOT_FOUND',
    message: 'There is no such tool in the compact profile.',
    nextStep:
      names.length === 0
        ? 'The provider has no compact profile. Use another profile.'
        : `Call one of ${names.join(', ')}.`,
    more: { similar: nearestNames(name, names, 3) },
  })
}
