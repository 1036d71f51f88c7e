import { z } from 'zod'

/** A scope as it is shown to the person who consents. */
export const scopeViewSchema = z.object({
  name: z.string(),
  sentence: z.string(),
  risk: z.enum(['low', 'medium', 'high', 'critical']),
  /** All scopes whose rights it has as well, directly or by way of another. */
  implies: z.array(z.string()),
  /** Name of its group. */
  group: z.string(),
})

/** A heading above scopes. */
export const scopeGroupSchema = z.object({ name: z.string(), title: z.string() })

/** A choice of scopes that is offered as one. */
export const scopePresetSchema = z.object({
  name: z.string(),
  title: z.string(),
  sentence: z.string(),
  scopes: z.array(z.string()),
})
