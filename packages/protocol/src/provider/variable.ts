import { z } from 'zod'
import { lineSchema } from './texts.ts'

/** The base URL of an instance; a relative root is allowed (`https://git.example/gitlab`). */
const hostVariableSchema = z.strictObject({
  kind: z.literal('host'),
  title: lineSchema,
  /** What is meant when none is given. */
  default: z.string().max(500),
})

/** What makes the addresses of a definition whole, beside what is fixed in them. */
export const variableSchema = z.discriminatedUnion('kind', [hostVariableSchema])
