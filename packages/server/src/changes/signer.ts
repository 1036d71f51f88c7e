import { type ChangeKeys, changeToken, type StreamEventClaims } from '@keywell/protocol'
import type { Logger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'
import { createSigningKey } from './signing-key.ts'

/** Signs what the change stream says, so that a reader need not trust what stands in between. */
export interface ChangeSigner {
  start(): Promise<void>
  sign(event: StreamEventClaims): Promise<string>
  /** What a reader checks with. */
  readonly keys: ChangeKeys
}

export function createChangeSigner(options: {
  database: Database
  vault: Vault
  logger: Logger
  /** The service's public URL: a copy of the database at another address is another installation. */
  issuer: string
}): ChangeSigner {
  const { issuer } = options
  const key = createSigningKey({ ...options, name: 'changes' })
  return {
    start: key.start,
    sign: (event) =>
      key.sign({ ...event, iss: issuer, aud: changeToken.audience }, changeToken.type),
    get keys() {
      return { issuer, keys: key.publicKeys.map((publicKey) => ({ ...publicKey })) }
    },
  }
}
