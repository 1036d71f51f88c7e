import { z } from 'zod'
import { conditionSchema } from './condition.ts'
import { markSchema } from './mark.ts'
import { methodSchema, registrationGuideShape } from './method.ts'
import {
  scopeDefinitionSchema,
  scopeGroupDefinitionSchema,
  scopePresetDefinitionSchema,
} from './scopes.ts'
import { lineSchema, nameSchema, templateSchema, tokenMarkSchema } from './texts.ts'
import { variableSchema } from './variable.ts'

/** For all calls of an installation to one host together, whichever its tenants are. */
export const hostLimitsSchema = z.strictObject({
  /** Calls per second, on average; above 0, and at most 100,000. */
  requestsPerSecond: z.number().positive().max(100_000),
  /** Calls that may go at once after a quiet time, before that rate holds; from 1 to 100,000. */
  burst: z.number().min(1).max(100_000),
  /** Calls under way at the same time; a whole number from 1 to 1,000. */
  concurrency: z.int().min(1).max(1_000),
})

export const categorySchema = z.enum([
  'code',
  'ci',
  'search',
  'productivity',
  'communication',
  'sales',
  'support',
  'finance',
  'monitoring',
  'identity',
  'storage',
  'other',
])

export const providerStateSchema = z.enum(['stable', 'preview'])

/**
 * All that is known of a provider, as data: JSON without functions. An address in it is a template, whose variables
 * are made whole for each connection. Whether its parts fit together is checked in `checks.ts`.
 */
export const definitionShapeSchema = z.strictObject({
  schema: z.literal(2),
  /** Name in URLs and calls, such as `gitlab`. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  /** Name for people, such as `GitLab`. */
  title: lineSchema,
  /** What kind of service it is, to be found by. */
  category: categorySchema,
  /** `preview`: something that decides, such as a rotation, is not proved by two sources, and has a cautious value. */
  state: providerStateSchema,
  documentationUrl: z.url({ protocol: /^https$/ }),
  /** Absent: the first letter of its title stands for it. */
  mark: markSchema.optional(),
  /**
   * What makes the addresses whole. The one in the base URL of the API makes the host of a connection; each other is
   * the app's, and is given with the integration.
   */
  variables: z.record(nameSchema, variableSchema),
  api: z.strictObject({
    /** Where a connection's API is. */
    base: templateSchema,
    /** Where else a connection's API is, such as where files are uploaded. */
    also: z.array(templateSchema).max(10).optional(),
  }),
  /** The ways to a credential; the first is what a button does. */
  auth: z.array(methodSchema).min(1).max(10),
  scopes: z.array(scopeDefinitionSchema).max(500),
  /** Headings of the scopes, in the order in which they are shown. */
  scopeGroups: z.array(scopeGroupDefinitionSchema).max(50),
  /** From the least to the most powerful. */
  scopePresets: z.array(scopePresetDefinitionSchema).max(10),
  /**
   * What stands in every token of one kind, such as `glpat-`: a word of 20 characters or more with it in it is written
   * to no log. Absent: its tokens look like other texts.
   */
  tokenMarks: z.array(tokenMarkSchema).min(1).max(20).optional(),
  /** A request without a credential that tells whether an address is an instance. Absent: there is but one. */
  instance: z.strictObject({ url: templateSchema, if: conditionSchema }).optional(),
  /**
   * How much the default host is asked of at most. Another host has limits of its own, which its operator knows.
   * Default: the service's own limits for a public host.
   */
  limits: hostLimitsSchema.optional(),
  /** What an operator must do at the provider to register an app, as steps for people. */
  registration: z.strictObject({
    /** Whether an app is registered at each host, or once for all of them. */
    each: z.enum(['host', 'provider']),
    ...registrationGuideShape,
  }),
})
