import { z } from 'zod'

/** What a provider is known by: one shape, on a square of 24. A mark is its owner's trademark: it may name the provider, unchanged. */
export const markSchema = z.strictObject({
  /** The `d` of an SVG path. */
  path: z
    .string()
    .min(1)
    .max(8_000)
    .regex(/^[MmZzLlHhVvCcSsQqTtAaEe\d ,.+-]+$/, 'must be the data of an SVG path'),
  /** In which its owner draws it. Absent: in the colour of the text. */
  color: z
    .string()
    .regex(/^#[\da-f]{6}$/, 'must be a colour such as #1a2b3c')
    .optional(),
})
export type Mark = z.infer<typeof markSchema>

/** How people know a provider. */
export const providerBrandSchema = z.object({
  title: z.string(),
  /** Null: the first letter of its title stands for it. */
  mark: markSchema.nullable(),
})
export type ProviderBrand = z.infer<typeof providerBrandSchema>
