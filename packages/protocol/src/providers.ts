import { z } from 'zod'
import { providerNameSchema, tenantIdSchema } from './ids.ts'
import { methodViewSchema } from './method-view.ts'
import { categorySchema, providerStateSchema } from './provider/definition.ts'
import { providerBrandSchema } from './provider/mark.ts'
import { scopeGroupSchema, scopePresetSchema, scopeViewSchema } from './scope-view.ts'
import { toolSummarySchema } from './tools.ts'

/** A provider of the catalogue. */
export const providerSchema = z.object({
  name: z.string(),
  ...providerBrandSchema.shape,
  category: categorySchema,
  /** `preview`: something that decides is not proved by two sources. */
  state: providerStateSchema,
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

/** Query of `GET /v1/providers/:name` and `GET /v1/providers/categories`. */
export const readProviderSchema = z.object({
  /** With those that this tenant has defined for itself. */
  tenantId: tenantIdSchema.optional(),
})
export type ReadProvider = z.input<typeof readProviderSchema>

/** `GET /v1/providers`. What is given holds together. */
export const listProvidersSchema = readProviderSchema.extend({
  /** Begins a word of the title, or the name. */
  query: z.string().trim().min(1).max(100).optional(),
  category: categorySchema.optional(),
  /** The id or the kind of a method that it has: `oauth2`, `key`. */
  method: z.string().min(1).max(50).optional(),
  state: providerStateSchema.optional(),
  /** Answers at most this many, at most 500. Default: 500. */
  limit: z.coerce.number().int().min(1).max(500).default(500),
  /** `nextCursor` of the page before. */
  cursor: providerNameSchema.optional(),
})
export type ListProviders = z.input<typeof listProvidersSchema>

export const providerListSchema = z.object({
  providers: z.array(providerSchema),
  nextCursor: z.string().nullable(),
})
export type ProviderList = z.infer<typeof providerListSchema>

/** `GET /v1/providers/categories`: those that the catalogue has, in alphabetical order. */
export const categoryListSchema = z.object({
  categories: z.array(z.object({ name: categorySchema, providers: z.int().positive() })),
})
export type CategoryList = z.infer<typeof categoryListSchema>
