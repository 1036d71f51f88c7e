import {
  type Installation,
  type InstallationList,
  KeywellError,
  type ProviderReason,
} from '@keywell/protocol'
import { appOf } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import { type RemovalOutcome, removeInstallation } from '../oauth/installation.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { refusedBy } from '../oauth/provider-refusal.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import {
  type ConnectionRow,
  listConnections,
  type StoredInstallation,
} from '../store/connections.ts'
import { findKeptCredential } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { type ConnectionOwner, readConnection, viewConnection } from './connections.ts'
import type { Disconnector } from './disconnect.ts'

interface InstallationParts {
  catalogue: Catalogue
  database: Database
  box: Pick<TokenBox, 'open'>
  integrations: Pick<Integrations, 'registration'>
  outbound: Outbound
  audit: Audit
  disconnector: Pick<Disconnector, 'disconnect'>
}

/** Connections by apps that are installed. */
export interface Installations {
  list(query: {
    tenantId: string
    /** Undefined: all. */
    providers: readonly string[] | undefined
    after: string | undefined
    limit: number
  }): Promise<InstallationList>
  get(owner: ConnectionOwner, id: string): Promise<Installation>
  /** Removes the app from the account at its provider; only then the connection is disconnected. */
  remove(owner: ConnectionOwner, id: string, caller: Actor): Promise<Installation>
}

export function createInstallations(parts: InstallationParts): Installations {
  const { catalogue, database } = parts
  return {
    async list({ tenantId, providers = null, after = null, limit }) {
      const query = { tenantId, userId: null, providers, after, installed: true }
      const rows = await listConnections(database.of(tenantId), { ...query, limit: limit + 1 })
      const installations = rows.slice(0, limit).map((row) => view(catalogue, requireOne(row)))
      const last = rows.length > limit ? installations.at(-1) : undefined
      return { installations, nextCursor: last?.id ?? null }
    },
    get: async (owner, id) => view(catalogue, await read(parts, owner, id)),
    remove: (owner, id, caller) => remove(parts, { owner, id, caller }),
  }
}

type InstalledRow = ConnectionRow & { installation: StoredInstallation }

/** @throws KeywellError `not_found`, for a connection of another kind as well */
async function read(
  { database }: Pick<InstallationParts, 'database'>,
  owner: ConnectionOwner,
  id: string,
): Promise<InstalledRow> {
  return requireOne(await readConnection(database.of(owner.tenantId), owner, id))
}

function requireOne(row: ConnectionRow): InstalledRow {
  const { installation } = row
  if (installation !== null) return { ...row, installation }
  throw new KeywellError('not_found', `There is no installation ${row.id}.`)
}

function view(catalogue: Catalogue, row: InstalledRow): Installation {
  const { id, permissions, repositories } = row.installation
  return {
    ...viewConnection(catalogue, row),
    // The id was made with this prefix; the row is the proof.
    integrationId: row.integrationId as Installation['integrationId'],
    installationId: id,
    permissions: { ...permissions },
    repositories,
  }
}

async function remove(
  parts: InstallationParts,
  { owner, id, caller }: { owner: ConnectionOwner; id: string; caller: Actor },
): Promise<Installation> {
  const { audit, catalogue, database, disconnector } = parts
  const row = await read(parts, owner, id)
  const { tenantId, userId, generation } = row
  const entry = {
    ...caller,
    tenantId,
    userId,
    connectionId: id,
    generation,
    action: 'installation.remove',
  } as const
  const outcome = await removeThere(parts, row, () =>
    audit.write(database.of(tenantId), { ...entry, result: 'intent' }),
  )
  const sql = database.of(tenantId)
  if (outcome !== 'removed') {
    await audit.write(sql, { ...entry, result: 'failed', reason: outcome })
    throw refusedBy(catalogue.get(tenantId, row.provider).title, reasons[outcome])
  }
  await audit.write(sql, { ...entry, result: 'ok' })
  await disconnector.disconnect(owner, id, caller)
  return view(catalogue, row)
}

const reasons: Record<Exclude<RemovalOutcome, 'removed'>, ProviderReason> = {
  no_answer: 'provider_unavailable',
  refused: 'access_refused',
}

/** The id that is sealed counts, and not the one that is shown. */
async function removeThere(
  { box, catalogue, database, integrations, outbound }: InstallationParts,
  { tenantId, id, provider, method: name }: InstalledRow,
  intend: () => Promise<void>,
): Promise<RemovalOutcome> {
  const kept = await findKeptCredential(database.of(tenantId), tenantId, id)
  if (kept?.sealed == null) {
    throw new KeywellError('not_found', `There is no installation ${id}.`)
  }
  const tokens = await box.open({ ...kept, connectionId: id }, kept.sealed)
  const app = await integrations.registration(kept)
  const method = appOf(catalogue.get(tenantId, provider), name)
  if (method.kind !== 'installation')
    throw new TypeError('invariant: an installation by its method')
  await intend()
  return removeInstallation(outbound, { app, method, tokens }, { tenantId })
}
