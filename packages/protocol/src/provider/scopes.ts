import { z } from 'zod'
import { lineSchema } from './texts.ts'

/** A scope, as it is sent: RFC 6749 section 3.3 without the comma, which separates them at some providers. */
export const scopeNameSchema = z.string().regex(/^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,300}$/)

/** Such as `read_only`; a translation goes by it. */
const wordSchema = z.string().regex(/^[a-z][a-z0-9_-]{0,49}$/)

export const scopeRiskSchema = z.enum(['low', 'medium', 'high', 'critical'])

/** What a token may do. */
export const scopeDefinitionSchema = z.strictObject({
  name: scopeNameSchema,
  /** How it is written in requests and answers, where that is longer. Default: as `name`. */
  wire: scopeNameSchema.optional(),
  /** One sentence for the person who consents. */
  sentence: lineSchema,
  risk: scopeRiskSchema,
  /** Name of one of the provider's `scopeGroups`. */
  group: wordSchema,
  /** Scopes whose rights a token with this one has as well. */
  implies: z.array(scopeNameSchema).max(100),
  /** Lets see, and change nothing. Without a word it may change something. */
  readOnly: z.boolean().optional(),
  /** Only administrators of the instance can use it. */
  administratorsOnly: z.boolean().optional(),
})

/** A heading above scopes. */
export const scopeGroupDefinitionSchema = z.strictObject({ name: wordSchema, title: lineSchema })

/** A choice of scopes that is offered as one. */
export const scopePresetDefinitionSchema = z.strictObject({
  name: wordSchema,
  /** For people. */
  title: lineSchema,
  /** One sentence for the person who chooses. */
  sentence: lineSchema,
  scopes: z.array(scopeNameSchema).min(1).max(100),
})
