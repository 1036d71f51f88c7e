import {
  type ApiKey,
  type CreateApiKey,
  createApiKeySchema,
  type RotateApiKey,
  rotateApiKeySchema,
  type Secret,
} from '@keywell/protocol'
import type { z } from 'zod'
import { invalidRequest } from '../invalid-request.ts'
import type { ApiKeyGrants, ApiKeyRow } from '../store/api-keys.ts'
import type { ApiKeys } from './api-keys.ts'
import { everyRole } from './permissions.ts'

/** API keys as the operator manages them, without a permission: the operator has the root key anyway. */
export interface OperatorKeys {
  /** The key is shown once. Default: the roles `admin` and `backend`, no limits. */
  create(
    name: string,
    grants?: Partial<Omit<CreateApiKey, 'name'>>,
  ): Promise<{ id: string; key: Secret }>
  /** All of them, live or not, oldest first. */
  list(): Promise<ApiKey[]>
  /** Within two seconds no replica takes it, and what is open under it has ended. */
  revoke(id: string): Promise<void>
  /** A successor, shown once. Default: the old key ends after the overlap, which is a day. */
  rotate(id: string, options?: RotateApiKey): Promise<{ id: string; key: Secret }>
}

const operator = { actor: 'operator', access: undefined } as const

export function createOperatorKeys(apiKeys: ApiKeys): OperatorKeys {
  return {
    async create(name, grants = {}) {
      const requested = parse(createApiKeySchema, { name, roles: [...everyRole], ...grants })
      const { row, key } = await apiKeys.create(requestedKey(requested), operator)
      return { id: row.id, key }
    },
    list: async () => (await apiKeys.list()).map(viewApiKey),
    async revoke(id) {
      await apiKeys.revoke(id, operator)
    },
    async rotate(id, options = {}) {
      const { overlapSeconds } = parse(rotateApiKeySchema, options)
      const { row, key } = await apiKeys.rotate(id, overlapSeconds * 1000, operator)
      return { id: row.id, key }
    },
  }
}

/** A key as the world sees it. */
export function viewApiKey(row: ApiKeyRow): ApiKey {
  return {
    // Written by us under this prefix; the row is the proof.
    id: row.id as ApiKey['id'],
    name: row.name,
    roles: [...row.roles],
    tenants: row.tenants && [...row.tenants],
    providers: row.providers && [...row.providers],
    origins: row.origins && [...row.origins],
    status: row.live ? 'live' : row.revokedAt === null ? 'expired' : 'revoked',
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    replacedBy: row.replacedBy as ApiKey['replacedBy'],
  }
}

/** What was asked for, as it is kept. */
export function requestedKey({
  name,
  roles,
  tenants,
  providers,
  origins,
  expiresAt,
}: z.output<typeof createApiKeySchema>): ApiKeyGrants & { name: string } {
  return {
    name,
    roles,
    tenants: tenants ?? null,
    providers: providers ?? null,
    origins: origins ?? null,
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw invalidRequest(parsed.error)
  return parsed.data
}
