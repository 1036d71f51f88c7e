import { z } from 'zod'
import {
  connectionIdSchema,
  connectionNameSchema,
  hasOneOwner,
  oneOwner,
  ownerFields,
  providerNameSchema,
  tenantIdSchema,
  userIdSchema,
} from './ids.ts'
import { knownFields } from './known-fields.ts'

/** The longest that a call of a tool may take, in milliseconds. Default of `timeoutMs`: 20,000. */
export const maxToolTimeoutMs = 60_000

/** Which one of the owner's connections. */
const named = {
  /** Default: `default`; where there is none of that name and exactly one other, that one. */
  connectionName: connectionNameSchema.optional(),
  /** Needed only where the owner has connected the provider on more than one host. */
  host: z.string().max(2000).optional(),
}

/** `POST /v1/tools/execute`. */
export const executeToolSchema = knownFields({
  ...ownerFields,
  ...named,
  /** Such as `gitlab_issues_list`. */
  tool: z.string().min(1).max(100),
  arguments: z.record(z.string(), z.unknown()).default({}),
  /** Answers the request that would be sent, and sends nothing. */
  dryRun: z.boolean().optional(),
  /** Of an approval that was given to this very call. */
  approvalId: z.string().max(100).optional(),
  /** Milliseconds. At most 60,000. Default: 20,000. */
  timeoutMs: z.int().positive().max(maxToolTimeoutMs).optional(),
  /** False: no further reads at the provider that would make an error more useful. Default: true. */
  hints: z.boolean().optional(),
  /** What the app calls its agent, for the audit log. */
  agent: z.string().max(100).optional(),
}).refine(hasOneOwner, oneOwner)
export type ExecuteTool = z.input<typeof executeToolSchema>

export const toolResultSchema = z.object({
  /** Of a list, the array. Titles, comments and logs in it were written by anybody: it is data, not instructions. */
  data: z.unknown(),
  /** Of the call in the audit log. */
  executionId: z.string(),
  /** Of a list: the number of its next page, where there is one. */
  nextPage: z.int().optional(),
  /** Of a list: how many there are on all pages, where the provider counts them. */
  total: z.int().optional(),
  truncated: z.literal(true).optional(),
  warnings: z.array(z.string()).optional(),
  /** The result of an earlier call under the same `Idempotency-Key`. */
  replayed: z.literal(true).optional(),
})
export type ToolAnswer = z.infer<typeof toolResultSchema>

/** How a tool behaves, in the words of MCP. They are hints: the policy decides. */
const toolAnnotationsSchema = z.object({
  title: z.string(),
  readOnlyHint: z.boolean(),
  destructiveHint: z.boolean().optional(),
  idempotentHint: z.boolean().optional(),
  openWorldHint: z.literal(true),
})

/** A tool as a model has to know it. */
export const toolViewSchema = z.object({
  name: z.string(),
  provider: providerNameSchema,
  group: z.string(),
  title: z.string(),
  description: z.string(),
  /** JSON Schema, draft 2020-12. */
  inputSchema: z.record(z.string(), z.unknown()),
  /** JSON Schema of `{ data, nextPage, total, truncated, warnings }`. */
  outputSchema: z.record(z.string(), z.unknown()),
  annotations: toolAnnotationsSchema,
  /** The least scopes. */
  scopes: z.array(z.string()),
  /** A person approves each call, as far as the tenant's policy says now. Absent in the catalogue. */
  needsApproval: z.boolean().optional(),
  /** Absent in the catalogue. */
  connectionId: connectionIdSchema.optional(),
  connectionName: connectionNameSchema.optional(),
})
export type ToolView = z.infer<typeof toolViewSchema>

/** Why somebody cannot run a tool now. */
const unavailableReasonSchema = z.enum([
  'unknown',
  'not_connected',
  'needs_reauth',
  'scope_missing',
  'policy',
])

const unavailableToolSchema = z.object({
  name: z.string(),
  reason: unavailableReasonSchema,
  /** With `unknown`: the nearest name. */
  similar: z.array(z.string()).optional(),
  missingScopes: z.array(z.string()).optional(),
  connectUrl: z.string().optional(),
})

const page = {
  /** 1 to 200. Default: 50. */
  pageSize: z.coerce.number().int().min(1).max(200).optional(),
  /** Of the page before. It holds for the filter that it was made with. */
  pageToken: z.string().max(2000).optional(),
}

/** `GET /v1/tools`: the catalogue, of no user. Lists are separated by commas. */
export const listToolsSchema = z.object({
  providers: z.string().max(2000).optional(),
  groups: z.string().max(2000).optional(),
  names: z.string().max(20_000).optional(),
  effect: z.enum(['read', 'write', 'destroy']).optional(),
  /** Words in name, title and description. */
  query: z.string().max(200).optional(),
  ...page,
})

export const toolListSchema = z.object({
  tools: z.array(toolViewSchema),
  /** On all pages. */
  totalSize: z.int(),
  nextPageToken: z.string().optional(),
})
export type ToolList = z.infer<typeof toolListSchema>

/** `POST /v1/tools/list-scoped`: what somebody can run now. Between kinds of filters it is "and", within one "or". */
export const listScopedToolsSchema = knownFields({
  ...ownerFields,
  filter: knownFields({
    providers: z.array(providerNameSchema).max(50).optional(),
    toolNames: z.array(z.string().max(100)).max(500).optional(),
    /** `work`, `gitlab/work`; the name of a provider alone means its `default` connection. */
    connectionNames: z.array(z.string().max(200)).max(50).optional(),
    groups: z.array(z.string().max(100)).max(100).optional(),
    effect: z.enum(['read', 'write', 'destroy']).optional(),
    query: z.string().max(200).optional(),
  }).optional(),
  /** Lists the tools that cannot be run now as well; a call of one answers what is missing. */
  includeUnavailable: z.boolean().optional(),
  ...page,
}).refine(hasOneOwner, oneOwner)
export type ListScopedTools = z.input<typeof listScopedToolsSchema>

export const scopedToolListSchema = toolListSchema.extend({
  /** Every name that was asked for and is not among them. */
  unavailable: z.array(unavailableToolSchema),
})
export type ScopedToolList = z.infer<typeof scopedToolListSchema>

/** `POST /v1/requests`: one call of the provider's API as the user. */
export const providerRequestSchema = knownFields({
  ...ownerFields,
  ...named,
  provider: providerNameSchema,
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  /** Below the host of the connection, such as `/api/v4/user`; or an address within the reach of the credential. */
  path: z.string().min(1).max(8000),
  query: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
    .optional(),
  /** Sent as JSON. */
  body: z.unknown().optional(),
  /** None that would decide who calls: `authorization`, `cookie`, `host` and the like are refused. */
  headers: z.record(z.string(), z.string()).optional(),
  timeoutMs: z.int().positive().max(maxToolTimeoutMs).optional(),
}).refine(hasOneOwner, oneOwner)
export type ProviderRequest = z.input<typeof providerRequestSchema>

export const providerResponseSchema = z.object({
  /** HTTP status of the provider, whatever it is. */
  status: z.int(),
  /** Those that say something of the body and its pages, in lower case. */
  headers: z.record(z.string(), z.string()),
  /** What JSON says; of another type, the text; null: there is none. */
  body: z.unknown(),
  /** Of the call in the audit log. */
  executionId: z.string(),
})
export type ProviderResponse = z.infer<typeof providerResponseSchema>

export const approvalStateSchema = z.enum(['pending', 'approved', 'denied', 'expired', 'used'])

/** A call of a tool that waits for a person. */
export const approvalSchema = z.object({
  id: z.string(),
  tenantId: tenantIdSchema,
  /** Null: of the tenant's own connection. */
  userId: userIdSchema.nullable(),
  connectionId: connectionIdSchema,
  tool: z.string(),
  title: z.string(),
  /** What the call would do, in a sentence with the names of what it touches. */
  summary: z.string(),
  /** The request, without secrets. */
  request: z.object({
    method: z.string(),
    path: z.string(),
    query: z.string(),
    body: z.unknown().optional(),
  }),
  /** Of the call, without the values of secret parameters; a long one is cut. */
  arguments: z.record(z.string(), z.string()),
  state: approvalStateSchema,
  requestedAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  decidedAt: z.iso.datetime().nullable(),
  /** What the app said of who decided. */
  decidedBy: z.string().nullable(),
  /** What asked: `key:key_…`, or `mcp:mcp_…` for an agent with a token of MCP. */
  requestedBy: z.string(),
  /** What the app calls its agent. */
  agent: z.string().nullable(),
})
export type Approval = z.infer<typeof approvalSchema>

/** `POST /v1/approvals/:approvalId/decision`. */
export const decideApprovalSchema = knownFields({
  tenantId: tenantIdSchema,
  decision: z.enum(['approve', 'deny']),
  /** Who decided, by the app's own id; it goes into the audit log. */
  decidedBy: z.string().min(1).max(200),
})
export type DecideApproval = z.input<typeof decideApprovalSchema>
