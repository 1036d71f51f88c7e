import type { KeyProvider } from './key-provider.ts'
import type { TenantKeyRow, TenantKeyStore } from './key-ring.ts'
import type { KeySource } from './key-source.ts'
import { type RecordContext, VaultError } from './vault.ts'

/** `from`, `from + 1`, …: the keys of the known answers. */
export function count(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => from + index)
}

export function utf8(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

export const context: RecordContext = {
  type: 'credential',
  tenantId: 'ten_a',
  recordId: 'con_1',
  field: 'token_set',
  generation: 7,
  schema: 1,
  bound: ['usr_1', 'int_1', 'https://gitlab.example'],
}

export const body: Uint8Array = utf8('{"accessToken":"at-1","refreshToken":"rt-1"}')

/** The key table as `store/` keeps it: one active version per tenant, the first insert wins. */
export interface KeyTable extends TenantKeyStore {
  readonly rows: TenantKeyRow[]
  /** Whether some table has sealed rows. */
  sealed: boolean
}

export function keyTable(rows: TenantKeyRow[] = []): KeyTable {
  const table: KeyTable = {
    rows,
    sealed: false,
    find: async (tenantId, version) => {
      // What Postgres says to a parameter that an int column cannot hold.
      if (Number(version) > 0x7fff_ffff) throw new RangeError('integer out of range')
      return rows.find(
        (row) =>
          row.tenantId === tenantId &&
          (version === 'active' ? row.state === 'active' : row.version === version),
      )
    },
    insertFirst: async (row) => {
      if (rows.some((other) => other.tenantId === row.tenantId)) return false
      rows.push({ ...row, state: 'active' })
      return true
    },
    kekIds: async () => [
      ...new Set(rows.filter((row) => row.state !== 'destroyed').map((row) => row.kekId)),
    ],
    hasSealedRecords: async () => table.sealed,
  }
  return table
}

export const rootKey: Uint8Array = count(0xa0, 32)
export const otherRootKey: Uint8Array = count(0x11, 32)

/** The list may change before a reload. */
export function keysFrom(rootKeys: readonly Uint8Array[], canReload = false): KeySource {
  return {
    read: () => rootKeys.map((key) => key.slice()),
    canReload,
    howToAdd: 'add it to the list of the test',
  }
}

/** A key service that counts, and can be held up or made to fail. It does not hide its keys. */
export interface KeyService extends KeyProvider {
  unwraps: number
  failure: Error | undefined
  gate: Promise<void>
  /** The very bytes that were handed out. */
  readonly given: Uint8Array[]
}

export function keyService(): KeyService {
  const service: KeyService = {
    unwraps: 0,
    failure: undefined,
    gate: Promise.resolve(),
    given: [],
    primary: 'kek_service',
    ids: ['kek_service'],
    howToAdd: 'ask the test',
    wrap: async (key) => ({ kekId: 'kek_service', bytes: key.map((byte) => byte ^ 0x5a) }),
    unwrap: async ({ bytes }) => {
      service.unwraps += 1
      await service.gate
      if (service.failure) throw service.failure
      const key = bytes.map((byte) => byte ^ 0x5a)
      service.given.push(key)
      return key
    },
    close: () => {},
  }
  return service
}

/** `opened`, or the reason of the refusal and the state of the key. */
export async function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'opened',
    (error: unknown) => {
      if (!(error instanceof VaultError)) throw error
      return error.keyState ? `${error.reason}: ${error.keyState}` : error.reason
    },
  )
}

/** The sentence with which a start is refused. */
export async function startRefusal(start: () => unknown): Promise<string> {
  try {
    await start()
  } catch (error) {
    if (error instanceof VaultError && error.reason === 'start') return error.message
    throw error
  }
  throw new Error('it started')
}
