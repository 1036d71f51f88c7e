import { z } from 'zod'
import { lineSchema, nameSchema, patternSchema, templateSchema } from './texts.ts'

const common = { title: lineSchema }
/** One option, and what people call it. */
const optionSchema = z.strictObject({ value: z.string().max(200), title: lineSchema })

/** The base URL of an instance; a relative root is allowed (`https://git.example/gitlab`). */
const hostVariableSchema = z.strictObject({
  kind: z.literal('host'),
  ...common,
  /** What is meant when none is given. Absent: one has to be given. */
  default: z.string().max(500).optional(),
})

/** One label of a host name, such as the `acme` of `acme.zendesk.com`. */
const labelVariableSchema = z.strictObject({
  kind: z.literal('label'),
  ...common,
  /** What it must match as a whole. */
  pattern: patternSchema,
  /** How the provider spells it where it is not part of a host name; there, letters are small. */
  letters: z.enum(['lower', 'upper']),
})

/** One segment of a path: letters, digits and `-._~`, so that it needs no escapes. */
const segmentVariableSchema = z.strictObject({
  kind: z.literal('segment'),
  ...common,
  pattern: patternSchema,
  /** What is meant when none is given. Absent: one has to be given. */
  default: z.string().max(200).optional(),
})

/** One of a few. The first is meant when none is given. */
const choiceVariableSchema = z.strictObject({
  kind: z.literal('choice'),
  ...common,
  options: z.array(optionSchema).min(1).max(50),
})

/**
 * The origin that an account lives at, which the provider tells with its tokens (`token.answer.origin`); nobody types
 * it. It stands at the beginning of `api.base`.
 */
const originVariableSchema = z.strictObject({
  kind: z.literal('origin'),
  ...common,
  /** Where accounts may live. A `*.` stands for one label or more. What is told and is none of these ends the flow. */
  allow: z
    .array(
      z
        .string()
        .max(300)
        .regex(
          /^https?:\/\/(\*\.[a-z0-9-]+\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?$/,
          'must be an origin, as in https://*.example.com',
        ),
    )
    .min(1)
    .max(20),
})

/** Follows from another variable, by the first line that holds. */
const derivedVariableSchema = z.strictObject({
  kind: z.literal('derived'),
  /** The `host` variable that it follows from. */
  from: nameSchema,
  lines: z
    .array(
      z.strictObject({
        /** The line holds for this value. Absent, as `endsWith`: for each. */
        equals: z.string().max(500).optional(),
        /** The line holds for values that end so. */
        endsWith: z.string().min(1).max(200).optional(),
        /** `{name}` is the value, and `{name.hostname}` the name of its host. */
        value: templateSchema,
      }),
    )
    .min(1)
    .max(10),
})

/** What makes the addresses of a definition whole, beside what is fixed in them. */
export const variableSchema = z.discriminatedUnion('kind', [
  hostVariableSchema,
  labelVariableSchema,
  segmentVariableSchema,
  choiceVariableSchema,
  originVariableSchema,
  derivedVariableSchema,
])
