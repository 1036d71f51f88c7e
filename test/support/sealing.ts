/** Seals token sets as the service does, for who fills a table without connecting anybody. */
import { randomBytes } from 'node:crypto'
import { type ConnectionId, makeId, Secret } from '@keywell/protocol'
import { gitlab, oauthOf, reachOf, variablesAt } from '@keywell/providers'
import { createTokenBox } from '../../packages/server/src/credentials/token-box.ts'
import type { TokenSetOwner } from '../../packages/server/src/oauth/token-set.ts'
import type { Vault } from './vault.ts'

/** Seals a pair of random tokens, as long as GitLab's. */
export type SealToken = (
  owner: TokenSetOwner,
) => Promise<{ sealed: Uint8Array; keyVersion: number }>

export function createSealToken(vault: Vault): SealToken {
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const box = createTokenBox({ vault, logger: silent })
  const token = () => new Secret(randomBytes(32).toString('hex'))
  return (owner) =>
    box.seal(owner, { accessToken: token(), refreshToken: token(), reach: reachAt(owner.host) })
}

const reachAt = (host: string) =>
  reachOf(gitlab, oauthOf(gitlab, 'oauth'), variablesAt(gitlab, host))

export function makeConnectionId(random: Uint8Array): ConnectionId {
  return makeId('connection', random, Date.now())
}
