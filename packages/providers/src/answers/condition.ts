import type { Condition } from '@keywell/protocol'
import { matchesPattern } from '../pattern.ts'
import { readFirst, readPointer } from './pointer.ts'

/** What a provider answered. */
export interface ProviderAnswer {
  readonly status: number
  /** Parsed JSON, or undefined when it was none. */
  readonly body: unknown
  readonly headers?: Pick<Headers, 'get'>
  /** The body as it came. */
  readonly text?: string
}

/** Whether an answer is as one of the conditions wants it. */
export function fulfils(answer: ProviderAnswer, conditions: readonly Condition[]): boolean {
  return conditions.some((condition) => holds(answer, condition))
}

/** Whether all that the condition says holds. */
export function holds(answer: ProviderAnswer, condition: Condition): boolean {
  const { status, header, text, at, all, any } = condition
  return (
    (status?.includes(answer.status) ?? true) &&
    (header === undefined || contains(answer.headers?.get(header.name), header.contains)) &&
    (text === undefined || answer.text?.includes(text) === true) &&
    (at === undefined || isAsTested(valueAt(answer.body, at), condition)) &&
    (all?.every((inner) => holds(answer, inner)) ?? true) &&
    (any?.some((inner) => holds(answer, inner)) ?? true)
  )
}

function contains(value: string | null | undefined, part: string): boolean {
  return value?.toLowerCase().includes(part.toLowerCase()) ?? false
}

const valueAt = (body: unknown, at: string | readonly string[]) =>
  typeof at === 'string' ? readPointer(body, at) : readFirst(body, at)

/** The one test that a condition with a place has. */
function isAsTested(value: unknown, test: Condition): boolean {
  if (test.equals !== undefined) return value === test.equals
  if (test.notEquals !== undefined) return value !== test.notEquals
  if (test.exists !== undefined) return (value != null) === test.exists
  if (test.type !== undefined) return typeOf(value) === test.type
  if (test.oneOf !== undefined) return test.oneOf.some((each) => each === value)
  if (test.includes !== undefined) {
    return Array.isArray(value) && test.includes.every((each) => value.includes(each))
  }
  return typeof value === 'string' && isTextAsTested(value, test)
}

function isTextAsTested(value: string, { startsWith, contains, matches }: Condition): boolean {
  if (startsWith !== undefined) return value.startsWith(startsWith)
  if (contains !== undefined) return value.includes(contains)
  return matches !== undefined && matchesPattern(value, matches)
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value
}
