/** What a tool takes, as a schema: what is advertised to agents and what is checked are made of one definition. */
import { z } from 'zod'
import type { ToolDefinition, ToolParameter } from './definition.ts'

export type ArgumentSchema = z.ZodType<Record<string, unknown>>

const schemas = new WeakMap<ToolDefinition, ArgumentSchema>()
const jsonSchemas = new WeakMap<ToolDefinition, JsonSchema>()

/** JSON Schema (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>

/** Made at its first use: all tools at once would take a tenth of a second. */
export function schemaOf(tool: ToolDefinition): ArgumentSchema {
  const made = schemas.get(tool) ?? makeSchema(tool)
  schemas.set(tool, made)
  return made
}

/** The same, as agents get it. */
export function inputSchemaOf(tool: ToolDefinition): JsonSchema {
  const made = jsonSchemas.get(tool) ?? withoutDialect(z.toJSONSchema(schemaOf(tool)))
  jsonSchemas.set(tool, made)
  return made
}

function withoutDialect({ $schema, ...schema }: Record<string, unknown>): JsonSchema {
  return schema
}

function makeSchema({ parameters }: ToolDefinition): ArgumentSchema {
  return z.strictObject(
    Object.fromEntries(parameters.map((parameter) => [parameter.name, fieldOf(parameter)])),
  )
}

function fieldOf(parameter: ToolParameter): z.ZodType {
  const { description, default: left, required } = parameter
  const field = z.preprocess((value) => adapted(parameter, value), checkOf(parameter))
  // Not set here: what is left out is not sent, and the provider takes its default.
  const shown = field.meta({ description, ...(left === undefined ? {} : { default: left }) })
  return required ? shown : shown.optional()
}

function checkOf({
  type,
  items,
  schema,
  enum: only,
  format,
  ...parameter
}: ToolParameter): z.ZodType {
  if (schema !== undefined) return z.fromJSONSchema({ ...schema })
  switch (type) {
    case 'string':
      if (only !== undefined) return z.enum(only.map(String))
      if (format === 'date') return z.iso.date()
      return format === 'date-time' ? moment : z.string()
    case 'integer':
      if (only !== undefined) return z.literal(only.map(Number))
      return integerWithin(parameter)
    case 'boolean':
      return z.boolean()
    case 'array':
      return z.array(itemOf(items, only))
    case 'object':
      return z.record(z.string(), z.unknown())
  }
}

/** With any offset; a day alone is the moment at which it begins, as providers take it. */
const moment = z.union([z.iso.datetime({ offset: true, local: true }), z.iso.date()])

function integerWithin({
  minimum,
  maximum,
}: Pick<ToolParameter, 'minimum' | 'maximum'>): z.ZodType {
  const integer = minimum === undefined ? z.int() : z.int().min(minimum)
  return maximum === undefined ? integer : integer.max(maximum)
}

function itemOf(items: ToolParameter['items'], only: ToolParameter['enum']): z.ZodType {
  if (only !== undefined) return z.enum(only.map(String))
  if (items === 'integer') return z.preprocess(fromDigits, z.int())
  return items === 'object' ? z.record(z.string(), z.unknown()) : z.string()
}

/** Models write a number as text, a text as a number, one value for a list, and a list for a text with commas. */
function adapted(parameter: ToolParameter, value: unknown): unknown {
  const { type, commas, schema } = parameter
  switch (type) {
    case 'string':
      if (typeof value === 'number') return String(value)
      return commas && Array.isArray(value) ? value.join(',') : value
    case 'integer':
      return parameter.clamped ? clamped(parameter, fromDigits(value)) : fromDigits(value)
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value
    case 'array':
      return Array.isArray(value) || schema !== undefined ? value : [value]
    case 'object':
      return value
  }
}

function fromDigits(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
}

function clamped({ minimum, maximum }: ToolParameter, value: unknown): unknown {
  if (typeof value !== 'number') return value
  return Math.min(maximum ?? Number.POSITIVE_INFINITY, Math.max(minimum ?? value, value))
}
