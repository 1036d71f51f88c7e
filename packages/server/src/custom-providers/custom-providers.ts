import { type CustomProvider, KeywellError, type ProviderDefinition } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { OpenCatalogue } from '../catalogue.ts'
import { writeProvidersChange } from '../changes/changes.ts'
import { type DefinitionMacs, encodeDefinition } from '../definition-versions/stored-definition.ts'
import type { Peppers } from '../encryption-keys/peppers.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { type Database, type Sql, UniqueViolation } from '../store/database.ts'
import {
  countDefinitionsInForce,
  type DefinitionVersion,
  findDefinitionInForce,
  insertDefinition,
  listDefinitionsInForce,
  retireDefinition,
} from '../store/provider-versions.ts'
import { countProviderUses } from '../store/providers-in-use.ts'
import { installation } from '../store/scope.ts'
import { acrossTenants } from '../store/transaction.ts'
import type { FollowedDefinitions } from './followed-definitions.ts'
import { readSent, type SentDefinition } from './read-sent.ts'
import { viewDefinition } from './view.ts'

/** Definitions that one owner may have. */
const maxOf = { tenant: 20, installation: 500 } as const

/** Names a definition; without a tenant it is one of the installation. */
export interface ProviderKey {
  tenantId: string | undefined
  name: string
}

export type WrittenDefinition = SentDefinition & { overrides: boolean }

/** Definitions of providers by the API. A change is in force here when it is answered, elsewhere within 2 s. */
export interface CustomProviders {
  list(tenantId: string | undefined): Promise<CustomProvider[]>
  /** @throws KeywellError `not_found` */
  get(key: ProviderKey): Promise<CustomProvider>
  /** @throws KeywellError `invalid_definition`, `provider_reserved`; `conflict` where there is one of that name */
  create(sent: WrittenDefinition, caller: Actor): Promise<CustomProvider>
  /**
   * @param change `version`: that was read; undefined: whatever it is
   * @throws KeywellError as `create`, and `not_found`
   */
  update(
    key: ProviderKey,
    change: { sent: WrittenDefinition; version: number | undefined },
    caller: Actor,
  ): Promise<CustomProvider>
  /** @throws KeywellError `not_found`; `conflict` while anything needs it */
  remove(key: ProviderKey, version: number | undefined, caller: Actor): Promise<CustomProvider>
}

export interface CustomProviderParts {
  catalogue: OpenCatalogue
  database: Database
  outbound: Pick<Outbound, 'checkUrl'>
  audit: Pick<Audit, 'write'>
  peppers: Pick<Peppers<DefinitionMacs>, 'present'>
  followed: Pick<FollowedDefinitions, 'refresh'>
}

export function createCustomProviders(parts: CustomProviderParts): CustomProviders {
  const { database, catalogue } = parts
  const view = (row: DefinitionVersion) => viewDefinition(catalogue, row)
  return {
    async list(tenantId) {
      const owner = ownerOf(tenantId)
      return (await listDefinitionsInForce(database.of(owner), [owner])).map(view)
    },
    async get({ tenantId, name }) {
      const owner = ownerOf(tenantId)
      return view((await findDefinitionInForce(database.of(owner), { owner, name })) ?? gone(name))
    },
    create: async (sent, caller) => view(await create(parts, sent, caller)),
    update: async (key, change, caller) => view(await update(parts, key, change, caller)),
    remove: async (key, version, caller) => view(await remove(parts, key, version, caller)),
  }
}

const ownerOf = (tenantId: string | undefined) => tenantId ?? installation

async function create(
  parts: CustomProviderParts,
  sent: WrittenDefinition,
  caller: Actor,
): Promise<DefinitionVersion> {
  const owner = ownerOf(sent.tenantId)
  const definition = readWritten(parts, sent)
  const { name } = definition
  return write(parts, owner, async (sql) => {
    if ((await findDefinitionInForce(sql, { owner, name })) !== undefined) throw isThere(name)
    const most = owner === installation ? maxOf.installation : maxOf.tenant
    if ((await countDefinitionsInForce(sql, owner)) >= most) throw tooMany(most)
    const row = await insertDefinition(sql, sealed(parts, { owner, definition, caller }))
    await parts.audit.write(sql, entryOf(row, 'provider.create', caller))
    return row
  })
}

async function update(
  parts: CustomProviderParts,
  { tenantId, name }: ProviderKey,
  { sent, version }: { sent: WrittenDefinition; version: number | undefined },
  caller: Actor,
): Promise<DefinitionVersion> {
  const owner = ownerOf(tenantId)
  // First whether it is there: to a key that is not for it, nothing else is said of it.
  await requireVersion(parts.database.of(owner), { owner, name }, version)
  const definition = readWritten(parts, sent)
  if (definition.name !== name) {
    throw new KeywellError('invalid_definition', `The name is ${definition.name}, not ${name}.`, {
      nextStep: 'Keep the name. A provider of another name is another one.',
      problems: [{ pointer: '/name', reason: `is not ${name}` }],
    })
  }
  const next = sealed(parts, { owner, definition, caller })
  return write(parts, owner, async (sql) => {
    const before = await requireVersion(sql, { owner, name }, version)
    if (before.digest === next.digest) return before
    if (!(await retireDefinition(sql, before))) throw changedMeanwhile(name)
    const row = await insertDefinition(sql, next)
    await parts.audit.write(sql, entryOf(row, 'provider.update', caller))
    return row
  })
}

async function remove(
  parts: CustomProviderParts,
  { tenantId, name }: ProviderKey,
  version: number | undefined,
  caller: Actor,
): Promise<DefinitionVersion> {
  const owner = ownerOf(tenantId)
  return write(parts, owner, async (sql) => {
    const row = await requireVersion(sql, { owner, name }, version)
    const count = () => countProviderUses(sql, { owner, name })
    const uses = await (owner === installation ? acrossTenants(sql, count) : count())
    if (uses > 0) throw stillNeeded(name, uses)
    if (!(await retireDefinition(sql, row))) throw changedMeanwhile(name)
    await parts.audit.write(sql, entryOf(row, 'provider.delete', caller))
    return row
  })
}

/** The change, its entries, and what this process holds. */
async function write(
  { database, followed }: CustomProviderParts,
  owner: string,
  work: (sql: Sql) => Promise<DefinitionVersion>,
): Promise<DefinitionVersion> {
  let row: DefinitionVersion
  try {
    row = await database.transaction(owner, async (sql) => {
      const done = await work(sql)
      await writeProvidersChange(sql, owner)
      return done
    })
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error
    throw new KeywellError('conflict', 'Another request changed this provider just now.')
  }
  await followed.refresh(owner)
  return row
}

/** @throws KeywellError `provider_reserved` for a bundled name that is not meant to be replaced */
function readWritten(parts: CustomProviderParts, sent: WrittenDefinition): ProviderDefinition {
  const definition = readSent(parts, sent)
  const { name } = definition
  if (sent.overrides || parts.catalogue.fixed(name) === undefined) return definition
  throw new KeywellError('provider_reserved', `There is a bundled provider ${name}.`)
}

function sealed(
  { peppers }: CustomProviderParts,
  of: { owner: string; definition: ProviderDefinition; caller: Actor },
): Parameters<typeof insertDefinition>[1] {
  const { owner, definition, caller } = of
  const { version: pepperVersion, macs } = peppers.present()
  const named = { owner, name: definition.name, ...encodeDefinition(definition) }
  return { ...named, actor: caller.actor, mac: macs.of(named), pepperVersion }
}

async function requireVersion(
  sql: Sql,
  { owner, name }: { owner: string; name: string },
  version: number | undefined,
): Promise<DefinitionVersion> {
  const row = (await findDefinitionInForce(sql, { owner, name })) ?? gone(name)
  if (version !== undefined && version !== row.version) throw changedMeanwhile(name)
  return row
}

function entryOf(
  { owner, name }: DefinitionVersion,
  action: 'provider.create' | 'provider.update' | 'provider.delete',
  { actor, requestId }: Actor,
) {
  return { tenantId: owner, actor, requestId, action, result: 'ok', reason: name } as const
}

function gone(name: string): never {
  throw new KeywellError('not_found', `There is no definition of ${name} by the API.`)
}

function isThere(name: string): KeywellError {
  return new KeywellError('conflict', `There is a definition of ${name} already.`, {
    nextStep: `Replace it with PUT /v1/custom-providers/${name}.`,
  })
}

function changedMeanwhile(name: string): KeywellError {
  return new KeywellError('conflict', `The definition of ${name} is another version by now.`)
}

function tooMany(most: number): KeywellError {
  return new KeywellError('conflict', `There are ${most} definitions already, which is the most.`, {
    nextStep: 'Remove one that nothing needs.',
  })
}

function stillNeeded(name: string, uses: number): KeywellError {
  return new KeywellError(
    'conflict',
    `The provider ${name} is needed by ${uses} connections, integrations and grants that wait to be withdrawn.`,
    { nextStep: 'Disconnect them, and remove its integrations, first.' },
  )
}
