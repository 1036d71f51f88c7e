import { defaultConnectionName } from '@keywell/protocol'
import type { Catalogue } from '../catalogue.ts'
import { placeMeantBy } from '../host.ts'
import { listConnectionNames } from '../store/connections.ts'
import type { CredentialReadRow } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import type { LookUp } from './look-up.ts'

/** Which connection a call means. */
export interface MeantConnection {
  readonly tenantId: string
  /** As rows have it: of the tenant's own connection, `ofTenant`. */
  readonly ownerId: string
  readonly provider: string
  /** Undefined: `default`; where there is none of that name and exactly one other, that one. */
  readonly name: string | undefined
  /** Needed only where there are connections on several hosts. */
  readonly host: string | undefined
}

export type FoundMeant =
  | { readonly state: 'found'; readonly row: CredentialReadRow; readonly name: string }
  /** `names`: of others that the owner has at the provider. */
  | { readonly state: 'absent'; readonly names: readonly string[] }
  | {
      readonly state: 'ambiguous'
      readonly names: readonly string[]
      readonly hosts: readonly string[]
    }

/** @throws KeywellError `unknown_provider`, `host_not_allowed` */
export type FindMeant = (meant: MeantConnection) => Promise<FoundMeant>

export function createFindMeant(parts: {
  catalogue: Catalogue
  database: Database
  lookUp: LookUp
}): FindMeant {
  const { catalogue, database, lookUp } = parts
  return async ({ tenantId, ownerId: userId, provider, name, host: text }) => {
    const definition = catalogue.get(tenantId, provider)
    const host = text === undefined ? null : placeMeantBy(definition, text)
    const key = { tenantId, userId, provider, host }
    const first = name ?? defaultConnectionName
    const found = await lookUp({ ...key, name: first, askDue: false })
    if (found.length > 0) return chosen(found, first)
    const others = await listConnectionNames(database.of(tenantId), key)
    const names = [...new Set(others.map((each) => each.name))]
    const [only] = names
    if (name !== undefined || only === undefined) return { state: 'absent', names }
    if (names.length > 1) return ambiguous(names, others)
    const rows = await lookUp({ ...key, name: only, askDue: false })
    return rows.length === 0 ? { state: 'absent', names } : chosen(rows, only)
  }
}

function chosen(rows: readonly CredentialReadRow[], name: string): FoundMeant {
  const [row] = rows
  return row !== undefined && rows.length === 1
    ? { state: 'found', row, name }
    : ambiguous([name], rows)
}

function ambiguous(names: readonly string[], all: readonly { host: string }[]): FoundMeant {
  return { state: 'ambiguous', names, hosts: [...new Set(all.map(({ host }) => host))] }
}
