import { z } from 'zod'
import { patternSchema, pointerSchema, pointersSchema } from './texts.ts'

const scalarSchema = z.union([z.string().max(500), z.number(), z.boolean(), z.null()])

const testNames = [
  'equals',
  'notEquals',
  'oneOf',
  'startsWith',
  'contains',
  'includes',
  'matches',
  'exists',
  'type',
] as const

const fields = {
  /** The answer has one of these statuses. */
  status: z.array(z.int().min(100).max(599)).min(1).max(20).optional(),
  /** The value that is tested: of the first of these places in the JSON body that is there and not null. */
  at: z.union([pointerSchema, pointersSchema]).optional(),
  equals: scalarSchema.optional(),
  /** Also where there is nothing. */
  notEquals: scalarSchema.optional(),
  oneOf: z.array(scalarSchema).min(1).max(50).optional(),
  startsWith: z.string().min(1).max(200).optional(),
  contains: z.string().min(1).max(200).optional(),
  /** The value is a list that has all of these. */
  includes: z.array(scalarSchema).min(1).max(20).optional(),
  /** The first 1,000 characters match it. */
  matches: patternSchema.optional(),
  exists: z.boolean().optional(),
  type: z.enum(['string', 'number', 'boolean', 'array', 'object']).optional(),
  /** The header is there and contains this text, in whichever case. */
  header: z
    .strictObject({ name: z.string().min(1).max(100), contains: z.string().max(200) })
    .optional(),
  /** The body, as text, contains this. */
  text: z.string().min(1).max(200).optional(),
}

interface Fields extends Partial<Record<(typeof testNames)[number], unknown>> {
  at?: unknown
}

function isWhole(condition: Fields & object): boolean {
  const tests = testNames.filter((name) => condition[name] !== undefined)
  return condition.at === undefined ? tests.length === 0 : tests.length === 1
}
const wholeness = 'has "at" with exactly one test of the value, or no "at" and no such test'

const isSaying = (condition: object) => Object.keys(condition).length > 0
const saying = 'says nothing'

const leafSchema = z.strictObject(fields).refine(isSaying, saying).refine(isWhole, wholeness)

const innerSchema = z
  .strictObject({
    ...fields,
    all: z.array(leafSchema).min(1).max(10).optional(),
    any: z.array(leafSchema).min(1).max(10).optional(),
  })
  .refine(isSaying, saying)
  .refine(isWhole, wholeness)

/**
 * What an answer must be like. All that one condition says holds together; in a list, one of them suffices. It is
 * closed: what a definition cannot say in it, an engine never does.
 */
export const conditionSchema = z
  .strictObject({
    ...fields,
    all: z.array(innerSchema).min(1).max(10).optional(),
    any: z.array(innerSchema).min(1).max(10).optional(),
  })
  .refine(isSaying, saying)
  .refine(isWhole, wholeness)

/** One of these is enough. */
export const anyOfSchema = z.array(conditionSchema).min(1).max(20)
