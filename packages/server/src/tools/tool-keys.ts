import { KeywellError } from '@keywell/protocol'
import type { CallRecord, EarlierCall, KeyOutcome } from '@keywell/tools'
import { z } from 'zod'
import type { Logger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import * as store from '../store/idempotent-tool-calls.ts'
import { isKeyOutage, type RecordContext, type Vault } from '../vault/vault.ts'

/** Whose call it is. */
interface KeyOwner {
  readonly tenantId: string
  /** As rows have it. */
  readonly ownerId: string
  readonly requestId: string
}

/**
 * Idempotency keys of changes that tools make, for a day each. Which call has a key and what came of it is sealed:
 * a row that was changed, or moved to another user or connection, is not believed.
 */
export interface ToolKeys {
  /** Undefined: the call has the key now. */
  take(
    owner: KeyOwner,
    key: string,
    call: CallRecord,
    mostMs: number,
  ): Promise<EarlierCall | undefined>
  /** Never throws: a call whose outcome could not be stored stays open. */
  settle(owner: KeyOwner, key: string, call: CallRecord, outcome: KeyOutcome): Promise<void>
}

export interface ToolKeyParts {
  database: Database
  vault: Pick<Vault, 'seal' | 'open'>
  logger: Logger
}

const sealedSchema = z.object({
  /** Of tool and arguments. */
  hash: z.string(),
  result: z
    .object({
      data: z.unknown(),
      executionId: z.string(),
      nextPage: z.int().exactOptional(),
      total: z.int().exactOptional(),
      truncated: z.literal(true).exactOptional(),
      warnings: z.array(z.string()).exactOptional(),
    })
    .exactOptional(),
})
type Body = z.output<typeof sealedSchema>

export function createToolKeys(parts: ToolKeyParts): ToolKeys {
  return {
    take: (owner, key, call, mostMs) => take(parts, owner, key, call, mostMs),
    async settle(owner, key, call, outcome) {
      await settle(parts, nameOf(owner, key, call), call.hash, outcome).catch((error: unknown) => {
        parts.logger.warn({ reason: String(error) }, 'idempotent answer not stored')
      })
    },
  }
}

type Named = Omit<store.IdempotentToolCallRow, 'state' | 'isCutOff' | 'sealed'>

function nameOf(
  { tenantId, ownerId, requestId }: KeyOwner,
  key: string,
  { connection }: CallRecord,
): Named {
  return { tenantId, connectionId: connection.id, key, userId: ownerId, requestId }
}

async function take(
  parts: ToolKeyParts,
  owner: KeyOwner,
  key: string,
  call: CallRecord,
  mostMs: number,
): Promise<EarlierCall | undefined> {
  const sql = parts.database.of(owner.tenantId)
  const named = nameOf(owner, key, call)
  const sealed = await seal(parts, { ...named, state: 'running' }, { hash: call.hash })
  if (await store.takeToolKey(sql, { ...named, ...sealed, mostMs })) return undefined
  const row = await store.findToolCall(sql, named)
  // The call that had it has just failed.
  if (row === undefined) return { state: 'in_progress' }
  if (row.userId !== owner.ownerId) return { state: 'other_call' }
  const { hash, result } = await open(parts, row)
  if (hash !== call.hash) return { state: 'other_call' }
  if (row.state === 'done') return { state: 'done', result }
  return { state: row.isCutOff || row.state === 'unknown' ? 'unknown' : 'in_progress' }
}

async function settle(
  parts: ToolKeyParts,
  named: Named,
  hash: string,
  outcome: KeyOutcome,
): Promise<void> {
  const sql = parts.database.of(named.tenantId)
  const { state } = outcome
  if (state === 'free') return store.freeToolKey(sql, named)
  const result = state === 'done' ? outcome.result : undefined
  const body = { hash, ...(result && { result }) }
  const sealed = await seal(parts, { ...named, state }, body)
  await store.endToolCall(sql, { ...named, ...sealed, state })
}

type Bound = Named & Pick<store.IdempotentToolCallRow, 'state'>

function contextOf({
  tenantId,
  connectionId,
  key,
  userId,
  requestId,
  state,
}: Bound): RecordContext {
  return {
    type: 'tool_call',
    tenantId,
    recordId: `${connectionId} ${key}`,
    field: state,
    generation: 0,
    schema: 1,
    bound: [userId, requestId],
  }
}

function seal({ vault }: ToolKeyParts, row: Bound, body: object) {
  return vault.seal(contextOf(row), new TextEncoder().encode(JSON.stringify(body)))
}

async function open({ vault }: ToolKeyParts, row: store.IdempotentToolCallRow): Promise<Body> {
  try {
    const bytes = await vault.open(contextOf(row), row.sealed)
    return sealedSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch (cause) {
    if (isKeyOutage(cause)) throw cause
    const message = 'What is kept of an earlier call under this idempotency key cannot be read.'
    throw new KeywellError('credential_unreadable', message, { cause })
  }
}
