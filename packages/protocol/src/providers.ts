import { z } from 'zod'
import { methodViewSchema } from './method-view.ts'
import { scopeGroupSchema, scopePresetSchema, scopeViewSchema } from './scope-view.ts'
import { toolSummarySchema } from './tools.ts'

/** A provider of the catalogue. */
export const providerSchema = z.object({
  name: z.string(),
  title: z.string(),
  documentationUrl: z.string(),
  /** Null: a connection names its own, as in `https://{shop}.example`. */
  defaultHost: z.string().nullable(),
  /** How it is connected; the first is what a button does. */
  methods: z.array(methodViewSchema),
  /** Of the first method by consent. */
  defaultScopes: z.array(z.string()),
  scopes: z.array(scopeViewSchema.extend({ administratorsOnly: z.boolean() })),
  scopeGroups: z.array(scopeGroupSchema),
  scopePresets: z.array(scopePresetSchema),
  tools: z.array(toolSummarySchema),
})
export type Provider = z.infer<typeof providerSchema>

/** `GET /v1/providers`. */
export const providerListSchema = z.object({ providers: z.array(providerSchema) })
export type ProviderList = z.infer<typeof providerListSchema>
