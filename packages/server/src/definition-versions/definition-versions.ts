import type { Method, ProviderDefinition } from '@keywell/protocol'
import {
  checkDefinition,
  findMethod,
  isHostOf,
  isTenantsOwn,
  type Reach,
  reachOf,
  type Variables,
  variablesAt,
} from '@keywell/providers'
import { LRUCache } from 'lru-cache'
import type { OpenCatalogue } from '../catalogue.ts'
import type { Database } from '../store/database.ts'
import { findVersion, insertGivenDefinition } from '../store/provider-versions.ts'
import { installation } from '../store/scope.ts'
import {
  type DefinitionMacs,
  decodeDefinition,
  encodeDefinition,
  isIntact,
} from './stored-definition.ts'

/** Old versions in memory. */
const maxHeld = 200

/** What a secret was stored under. */
export interface StoredUnder {
  tenantId: string
  provider: string
  method: string
  host: string
  /** Null: it is not known. */
  definitionDigest: string | null
}

/** A definition that a stored secret is used by. */
export interface UsedVersion {
  provider: ProviderDefinition
  /** It is the one that the secret was stored under: the one of now names an origin that the secret was not stored for. */
  isOutgrown: boolean
}

export interface DefinitionVersions {
  /** Names the version of a definition, in whatever process. */
  digestOf(definition: ProviderDefinition): string
  /**
   * The definition of now, unless it names an origin beyond the reach of a secret. Then the version that the secret was
   * stored under, so that what is edited neither moves a secret nor ends its renewal.
   *
   * @param variables those of the integration
   */
  usedBy(stored: StoredUnder, reach: Reach, variables?: Variables): Promise<UsedVersion>
  /** Writes down the definitions that are in no row yet: the bundled ones, and those of files. */
  recordGiven(): Promise<void>
}

interface VersionParts {
  catalogue: Pick<OpenCatalogue, 'all' | 'get'>
  database: Database
  peppers: {
    present(): { version: number; macs: DefinitionMacs }
    find(version: number): Promise<DefinitionMacs | undefined>
  }
}

export function createDefinitionVersions(parts: VersionParts): DefinitionVersions {
  const { catalogue, database, peppers } = parts
  const digests = new WeakMap<ProviderDefinition, string>()
  const held = new LRUCache<string, ProviderDefinition>({ max: maxHeld })

  function digestOf(definition: ProviderDefinition): string {
    const known = digests.get(definition)
    if (known !== undefined) return known
    const { digest } = encodeDefinition(asRead(definition))
    digests.set(definition, digest)
    return digest
  }

  /** A row that is not as the service wrote it is none. */
  async function find(owner: string, name: string, digest: string) {
    const key = JSON.stringify([owner, name, digest])
    const known = held.get(key)
    if (known !== undefined) return known
    const row = await findVersion(database.of(owner), { owner, name, digest })
    if (row === undefined || !isIntact(row, await peppers.find(row.pepperVersion))) return undefined
    const read = decodeDefinition(row)
    if (!('definition' in read)) return undefined
    held.set(key, read.definition)
    return read.definition
  }

  return {
    digestOf,
    async usedBy(
      { tenantId, provider: name, method: id, host, definitionDigest },
      reach,
      variables,
    ) {
      const now = catalogue.get(tenantId, name)
      const method = findMethod(now, id)
      const isOfNow = { provider: now, isOutgrown: false }
      if (method === undefined || definitionDigest === null) return isOfNow
      if (definitionDigest === digestOf(now)) return isOfNow
      if (isInside(now, method, { host, variables }, reach)) return isOfNow
      const owner = isTenantsOwn(now) ? tenantId : installation
      const before = await find(owner, name, definitionDigest)
      if (before === undefined || findMethod(before, id) === undefined) return isOfNow
      return { provider: before, isOutgrown: true }
    },
    async recordGiven() {
      const { version: pepperVersion, macs } = peppers.present()
      for (const definition of catalogue.all) {
        const encoded = encodeDefinition(asRead(definition))
        const named = { owner: installation, name: definition.name, ...encoded }
        const row = { ...named, actor: 'service', mac: macs.of(named), pepperVersion }
        await insertGivenDefinition(database.of(installation), row)
      }
    },
  }
}

/** As every process reads it, whatever the order of its fields in the source. */
function asRead(definition: ProviderDefinition): ProviderDefinition {
  const read = checkDefinition(definition)
  return 'definition' in read ? read.definition : definition
}

/** Whether all that a definition names is within a reach. What a variable leaves open is seen when it is called. */
function isInside(
  provider: ProviderDefinition,
  method: Method,
  { host, variables }: { host: string; variables: Variables | undefined },
  reach: Reach,
): boolean {
  const place = isHostOf(provider, host) ? variablesAt(provider, host) : {}
  return reachOf(provider, method, { ...variables, ...place })
    .filter((origin) => !origin.includes('{'))
    .every((origin) => reach.includes(origin))
}
