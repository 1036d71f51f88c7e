/** What a client chooses by its URL. It narrows what the token allows, and never widens it. */
import { connectionNameSchema, KeywellError } from '@keywell/protocol'
import { z } from 'zod'
import { invalidRequest } from '../invalid-request.ts'
import type { McpGrant } from './tokens.ts'

const profiles = ['full', 'read', 'compact', 'search'] as const

/** Any other name is refused: a token in a URL ends up in logs and histories. */
const querySchema = z.strictObject({
  connection: connectionNameSchema.optional(),
  profile: z.enum(profiles).default('full'),
  /** With commas between them. */
  tools: z
    .string()
    .max(20_000)
    .transform((names) => names.split(',').map((name) => name.trim()))
    .optional(),
})

export interface Choice extends Pick<McpGrant, 'connectionName' | 'tools' | 'readOnly'> {
  readonly profile: (typeof profiles)[number]
}

/** @throws KeywellError `invalid_request`; `forbidden` for another connection than the token's */
export function readChoice(url: URL, grant: McpGrant): Choice {
  const parsed = querySchema.safeParse(Object.fromEntries(url.searchParams))
  if (!parsed.success) throw invalidRequest(parsed.error)
  const { connection, profile, tools } = parsed.data
  if (
    connection !== undefined &&
    grant.connectionName !== undefined &&
    connection !== grant.connectionName
  ) {
    throw new KeywellError('forbidden', 'This token is for another connection.')
  }
  return {
    profile,
    connectionName: grant.connectionName ?? connection,
    tools: intersection(grant.tools, tools),
    readOnly: grant.readOnly || profile === 'read',
  }
}

function intersection(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one.filter((name) => other.includes(name))
}
