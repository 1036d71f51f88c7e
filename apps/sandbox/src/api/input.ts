import type { Context } from 'hono'
import { z } from 'zod'
import { badParameter } from './refusals.ts'

type Fields = Record<string, unknown>

/**
 * The parameters of a call as Grape has them: query and body in one. What is null counts as left out. JSON that is
 * no object is kept, and refused when it is read.
 */
export async function readFields(c: Context): Promise<unknown> {
  const query = nested([...new URL(c.req.url).searchParams])
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return query
  const body = await readBody(c)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const given = Object.entries(body).filter(([, value]) => value !== null)
  return { ...query, ...Object.fromEntries(given) }
}

async function readBody(c: Context): Promise<unknown> {
  if (c.req.header('content-type')?.startsWith('application/json') === true) {
    const text = await c.req.text()
    // A DELETE may name the type and send nothing.
    return text === '' ? {} : parse(text)
  }
  const form = await c.req.parseBody({ all: true }).catch(() => ({}))
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    [value].flat().map((each): [string, unknown] => [name, each]),
  )
  return nested(pairs)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Rack's names: `a[]` is a list, `a[b]` is a field of a. */
function nested(pairs: readonly [string, unknown][]): Fields {
  const fields: Fields = Object.create(null)
  for (const [name, value] of pairs) {
    const [, outer = name, inner] = /^([^[\]]+)\[([^[\]]*)\]$/.exec(name) ?? []
    if (inner === undefined) fields[name] = value
    else if (inner === '') fields[outer] = [...asList(fields[outer]), value]
    else fields[outer] = { ...asFields(fields[outer]), [inner]: value }
  }
  return fields
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

/** Reads the fields by a schema. What it does not name is ignored; a refusal is in Grape's words. */
export function parseFields<T>(fields: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(fields, {
    error: ({ code, input }) => {
      if (input === undefined) return 'is missing'
      return code === 'invalid_value' ? 'does not have a valid value' : 'is invalid'
    },
  })
  if (parsed.success) return parsed.data
  const sentences = parsed.error.issues.map(({ path, message }) => `${nameOf(path)} ${message}`)
  throw badParameter([...new Set(sentences)].join(', '))
}

/** `assets[links][0][name]`. */
function nameOf([first, ...rest]: readonly PropertyKey[]): string {
  if (first === undefined) return 'body'
  return String(first) + rest.map((part) => `[${String(part)}]`).join('')
}

/** What a parameter may be, as Grape takes it from text and from JSON. */
export const param: {
  text: z.ZodType<string>
  /** May not be empty. */
  filled: z.ZodType<string>
  int: z.ZodType<number>
  bool: z.ZodType<boolean>
  /** A list, or text with commas. */
  list: z.ZodType<string[]>
  ints: z.ZodType<number[]>
  /** Epoch milliseconds. */
  time: z.ZodType<number>
  /** `YYYY-MM-DD`. */
  date: z.ZodType<string>
} = {
  text: z.string(),
  filled: z.string().refine((text) => text.trim() !== '', { error: 'is empty' }),
  int: z.union([
    z.int(),
    z
      .string()
      .regex(/^-?\d{1,15}$/)
      .transform(Number),
  ]),
  bool: z.preprocess(asBoolean, z.boolean()),
  list: z.preprocess(asWords, z.array(z.string())),
  ints: z.preprocess(asWords, z.array(z.coerce.number().int())),
  time: z
    .string()
    .refine((text) => /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text)))
    .transform((text) => Date.parse(text)),
  date: z.iso.date(),
}

function asBoolean(value: unknown): unknown {
  if (value === 'true' || value === '1' || value === 1) return true
  return value === 'false' || value === '0' || value === 0 ? false : value
}

function asWords(value: unknown): unknown {
  if (typeof value === 'number') return [value]
  const words = typeof value === 'string' ? value.split(',') : value
  return Array.isArray(words)
    ? words
        .map((word) => (typeof word === 'string' ? word.trim() : word))
        .filter((word) => word !== '')
    : words
}
