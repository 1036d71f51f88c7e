import { KeywellError, type ProviderDefinition } from '@keywell/protocol'
import { findMethod, isHostOf, type Reach, reachOf, variablesAt } from '@keywell/providers'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { DefinitionVersions } from '../definition-versions/definition-versions.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import { findKeptCredential, type KeptCredentialRow } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import {
  type DefinitionUse,
  listConnectionsUnderOther,
  listIntegrationsUnderOther,
  setConnectionDigest,
} from '../store/definition-uses.ts'
import { probeSoon } from '../store/refresh-schedule.ts'
import { everyTenant, installation } from '../store/scope.ts'
import { replaceSealedRecord } from '../store/sealed-records.ts'

/** What stored secrets may be sent to by the definition of now, and by none before. */
export interface Reseal {
  connections: number
  integrations: number
  /** `client https://…` or `api https://…`, each once. */
  origins: string[]
}

/** For the operator of the service, without an API key. */
export interface OperatorProviders {
  /**
   * Stores the secrets of a provider for its definition of now. Until `confirm` says yes to what it is shown, nothing is
   * changed.
   *
   * @param provider `tenantId`: whose own provider it is
   * @returns what was moved; null: it was not confirmed
   * @throws KeywellError `unknown_provider`
   */
  reseal(
    provider: { name: string; tenantId?: string | undefined },
    confirm: (what: Reseal) => Promise<boolean>,
  ): Promise<Reseal | null>
}

interface ResealParts {
  catalogue: Catalogue
  versions: Pick<DefinitionVersions, 'digestOf'>
  database: Database
  box: TokenBox
  integrations: Pick<Integrations, 'variables' | 'reseal'>
  audit: Pick<Audit, 'write'>
}

/** One run over what is under another version: to look, or to change. */
interface Run {
  provider: ProviderDefinition
  digest: string
  isChanging: boolean
}

export function createOperatorProviders(parts: ResealParts): OperatorProviders {
  return {
    async reseal({ name, tenantId }, confirm) {
      const provider = parts.catalogue.get(tenantId ?? installation, name)
      const digest = parts.versions.digestOf(provider)
      const seen = await run(parts, { provider, digest, isChanging: false })
      if (!(await confirm(seen))) return null
      return run(parts, { provider, digest, isChanging: true })
    },
  }
}

async function run(parts: ResealParts, of: Run): Promise<Reseal> {
  const { database } = parts
  const sql = database.of(everyTenant)
  const use = { name: of.provider.name, digest: of.digest }
  const connections = await listConnectionsUnderOther(sql, use)
  const integrations = await listIntegrationsUnderOther(sql, use)
  const origins = new Set<string>()
  const done = { connections: 0, integrations: 0 }
  for (const place of integrations) {
    const added = await parts.integrations.reseal(place, of)
    if (added !== null) done.integrations += 1
    for (const origin of added ?? []) origins.add(origin)
  }
  for (const place of connections) {
    const added = await resealCredential(parts, place, of)
    if (added !== null) done.connections += 1
    for (const origin of added ?? []) origins.add(origin)
  }
  if (of.isChanging) await record(parts, [...connections, ...integrations], of)
  return { ...done, origins: [...origins].sort() }
}

/** The origins that are new to a credential; null: there is none, or none that the definition can use. */
async function resealCredential(
  parts: ResealParts,
  { tenantId, id }: DefinitionUse,
  of: Run,
): Promise<Reach | null> {
  const { database, box } = parts
  const row = await findKeptCredential(database.of(tenantId), tenantId, id)
  if (row?.sealed == null) return null
  const { sealed } = row
  const owner = { ...row, connectionId: id }
  const tokens = await box.open(owner, sealed).catch(unreadable)
  if (tokens === null) return null
  const reach = await reachNow(parts, row, of.provider)
  if (reach === null) return null
  const added = reach.filter((origin) => !tokens.reach.includes(origin))
  if (!of.isChanging) return added
  const next = await box.seal(owner, { ...tokens, reach })
  return database.transaction(tenantId, async (sql) => {
    const record = { column: 'credentials.sealed', tenantId, at: id, sealed } as const
    // It was renewed meanwhile, or removed: the next run finds it.
    if (!(await replaceSealedRecord(sql, record, next))) return null
    await setConnectionDigest(sql, { tenantId, id, digest: of.digest })
    await probeSoon(sql, { tenantId, connectionId: id })
    return added
  })
}

/** The log names it; the others are not held up by it. */
function unreadable(error: unknown): null {
  if (error instanceof KeywellError && error.code === 'credential_unreadable') return null
  throw error
}

/** Null: the definition does not have the method, or the place, of the connection any more. */
async function reachNow(
  { integrations }: ResealParts,
  row: KeptCredentialRow,
  provider: ProviderDefinition,
): Promise<Reach | null> {
  const { host } = row
  const method = findMethod(provider, row.method)
  if (method === undefined || !isHostOf(provider, host)) return null
  const isByApp = method.kind === 'oauth2' && row.integrationId !== ''
  const variables = isByApp ? await integrations.variables(row) : variablesAt(provider, host)
  return reachOf(provider, method, variables)
}

/** One entry for each tenant whose secrets were moved. */
async function record(
  { database, audit }: ResealParts,
  places: readonly DefinitionUse[],
  { provider }: Run,
): Promise<void> {
  const entry = { actor: 'operator', action: 'provider.reseal', result: 'ok' } as const
  for (const tenantId of new Set(places.map((place) => place.tenantId))) {
    await audit.write(database.of(tenantId), { ...entry, tenantId, reason: provider.name })
  }
}
