import { z } from 'zod'
import { lineSchema, nameSchema, patternSchema } from './texts.ts'

/** One field that a person fills in. */
export const keyFieldSchema = z.strictObject({
  /** Of the form's parameter, and of what `send` puts in. */
  name: nameSchema.refine((name) => !formParameters.has(name), 'is a parameter of the form itself'),
  /** What stands above the field. */
  label: lineSchema,
  /** Whether it is hidden while it is typed. All fields are sealed alike. */
  secret: z.boolean(),
  /** What the whole text is like. Checked before anything is sent. */
  pattern: patternSchema.optional(),
  /** It has several lines, such as a private key in PEM or a file of JSON. Then it cannot stand in a header. */
  multiline: z.boolean().optional(),
  /** It may be left empty. */
  optional: z.boolean().optional(),
  /** What it looks like and where it is found, as a sentence for people. */
  help: lineSchema.optional(),
})

const formParameters = new Set(['state', 'cancel', 'method'])

/** In the order of the form. The first secret is the key itself. */
export const keyFieldsSchema = z
  .array(keyFieldSchema)
  .min(1)
  .max(10)
  .refine(
    (fields) => new Set(fields.map(({ name }) => name)).size === fields.length,
    'has a name twice',
  )
  .refine(
    (fields) => fields.some(({ secret, optional }) => secret && optional !== true),
    'has no secret that must be typed',
  )
