import { z } from 'zod'

/** What came of a call to a provider: not what was answered. */
export const auditOutcomeSchema = z.object({
  /** `ok`, or the code of the error: of a tool as agents know it, of a request as the route answers it. */
  code: z.string(),
  /** Who refused it. Absent: nobody. */
  refusedBy: z.enum(['keywell', 'provider']).optional(),
  /** Of the last answer. */
  providerStatus: z.int().optional(),
  /** The provider's own id of the request. */
  providerRequestId: z.string().optional(),
  /** Requests to the provider, with what was sent once more and what was looked up. */
  requests: z.int().optional(),
  /** It was not made: what an earlier call under the same Idempotency-Key answered was answered again. */
  replayed: z.literal(true).optional(),
  totalMs: z.int().optional(),
  /** Of `totalMs`, what the provider took. */
  providerMs: z.int().optional(),
  /** Bytes of the bodies that were sent and received. */
  bytesOut: z.int().optional(),
  bytesIn: z.int().optional(),
})

/**
 * A call to a provider as a user, by a tool or as a request of the backend's own. It has the names of all arguments, and
 * values of those alone that say what the call is about.
 */
export const auditCallSchema = z.object({
  /** Absent: the backend wrote the request itself, or the agent named no tool that there is. */
  tool: z.string().optional(),
  effect: z.enum(['read', 'write', 'destroy']).optional(),
  provider: z.string().optional(),
  /** Absent: it was refused before it was clear which connection is meant. */
  connectionName: z.string().optional(),
  host: z.string().optional(),
  /** By argument: `{ project_id: 'acme/api', issue_iid: '42' }`. Of a request of the backend's own, `method` and `path`. */
  target: z.record(z.string(), z.string()).optional(),
  argumentNames: z.array(z.string()).optional(),
  /** SHA-256 of tool and arguments, in hex; of method, path, query and body. */
  argumentsHash: z.string().optional(),
  /** The request is described and not sent. */
  dryRun: z.literal(true).optional(),
  approvalId: z.string().optional(),
  /** What the app calls its agent. */
  agent: z.string().optional(),
  /** What a client of MCP calls itself; nobody checks that. */
  client: z.string().optional(),
  /** Absent in an entry before the call. */
  outcome: auditOutcomeSchema.optional(),
})
export type AuditCall = z.infer<typeof auditCallSchema>
export type AuditOutcome = z.infer<typeof auditOutcomeSchema>
