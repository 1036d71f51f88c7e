/** The arguments of a call, as an agent wrote them. */
import { closest, distance } from 'fastest-levenshtein'
import type { z } from 'zod'
import { schemaOf } from './argument-schema.ts'
import type { ToolDefinition } from './definition.ts'

export type Arguments = Readonly<Record<string, unknown>>

/** One thing that is wrong, in words that an agent can act on. */
export interface ArgumentIssue {
  /** The parameter and the place in it, such as `variables.0.key`; empty for the arguments as a whole. */
  readonly field: string
  readonly problem: string
}

export type ReadArguments =
  | { readonly arguments: Arguments }
  | { readonly issues: readonly ArgumentIssue[] }

/**
 * Reads and checks what was given. Another name that a parameter is known by is taken for it, and `null` for left out;
 * an empty text or list is kept, since it clears what was there.
 */
export function readArguments(tool: ToolDefinition, given: unknown): ReadArguments {
  return checkArguments(tool, nameArguments(tool, given))
}

/** What was given, under the names of its parameters, and what is wrong so far. */
export interface NamedArguments {
  readonly named: Arguments
  readonly issues: readonly ArgumentIssue[]
}

/** Takes another name that a parameter is known by for it, and `null` for left out. */
export function nameArguments(tool: ToolDefinition, given: unknown): NamedArguments {
  if (isRecord(given)) return rename(tool, given)
  return {
    named: {},
    issues: [{ field: '', problem: 'The arguments must be one object, by parameter.' }],
  }
}

export function checkArguments(
  tool: ToolDefinition,
  { named, issues }: NamedArguments,
): ReadArguments {
  const parsed = schemaOf(tool).safeParse(named)
  const all = [
    ...issues,
    ...(parsed.error?.issues.flatMap((issue) => worded(tool, issue)) ?? []),
    ...togetherIssues(tool, named),
  ]
  return parsed.success && all.length === 0 ? { arguments: parsed.data } : { issues: all }
}

function rename({ parameters }: ToolDefinition, given: Arguments): NamedArguments {
  const named: Record<string, unknown> = Object.create(null)
  const issues: ArgumentIssue[] = []
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue
    const name = parameters.find(({ aliases }) => aliases?.includes(key))?.name ?? key
    if (Object.hasOwn(named, name)) {
      issues.push({ field: name, problem: 'It is given twice, under two names. Give it once.' })
    }
    named[name] = value
  }
  return { named: { ...named }, issues }
}

/** What holds of several parameters together. */
function togetherIssues(
  { parameters, anyOf, together = [], needsField }: ToolDefinition,
  named: Arguments,
): ArgumentIssue[] {
  const has = (name: string) => Object.hasOwn(named, name)
  const lacksAll = anyOf !== undefined && !anyOf.some((names) => names.every(has))
  const changes = parameters.filter((parameter) => parameter.in !== 'path').map(({ name }) => name)
  return [
    ...(lacksAll
      ? [whole(`Give ${anyOf.map((names) => names.join(' and ')).join(', or ')}.`)]
      : []),
    ...together
      .filter((names) => names.some(has) && !names.every(has))
      .map((names) => whole(`Give all of ${names.join(', ')}, or none of them.`)),
    ...(needsField && !changes.some(has)
      ? [whole(`It changes nothing. Give at least one of ${changes.join(', ')}.`)]
      : []),
  ]
}

function whole(problem: string): ArgumentIssue {
  return { field: '', problem }
}

function worded(tool: ToolDefinition, issue: z.core.$ZodIssue): ArgumentIssue[] {
  const field = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: [...issue.path.map(String), key].join('.'),
      problem: issue.path.length === 0 ? unknownName(tool, key) : 'There is no such field.',
    }))
  }
  const isMissing = issue.code !== 'custom' && issue.input === undefined && issue.path.length === 1
  const parameter = tool.parameters.find(({ name }) => name === issue.path[0])
  return [
    {
      field,
      problem:
        isMissing && parameter?.required
          ? `It is required: ${parameter.description}`
          : `${issue.message}.`,
    },
  ]
}

function unknownName({ name: tool, parameters }: ToolDefinition, key: string): string {
  const names = parameters.map(({ name }) => name)
  const nearest = names.length === 0 ? undefined : closest(key, names)
  // Farther away, the names have little in common.
  const isNear = nearest !== undefined && distance(key, nearest) <= Math.max(2, key.length / 3)
  return isNear
    ? `${tool} has no such parameter. Did you mean ${nearest}?`
    : `${tool} has no such parameter. It has ${names.join(', ') || 'none'}.`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
