import type { Clock } from './clock.ts'

/** What one consent gave: all its tokens end with it. */
export interface Grant {
  id: number
  clientId: string
  username: string
  scopes: readonly string[]
  /** It began with a device code, not in a browser. */
  device: boolean
  revoked: boolean
}

/** An access token, and the refresh token that came with it, if one did. */
export interface Pair {
  grant: Grant
  scopes: readonly string[]
  accessToken: string
  accessExpiresAt: number | null
  accessRevoked: boolean
  refreshToken: string | null
  refreshExpiresAt: number | null
  refreshRevoked: boolean
  createdAt: number
  /** When the refresh token was first used. */
  usedAt: number | null
}

/** What becomes of a refresh token that is used. */
export type Rotation =
  /** The new pair replaces the old one at once. */
  | { kind: 'strict' }
  /** So too; and who shows an old one ends the whole grant. */
  | { kind: 'strict_family' }
  /** The new one replaces the old one, which works for a while longer. */
  | { kind: 'grace'; seconds: number }
  /** A new one comes, and the old one goes on. */
  | { kind: 'additional' }
  /** None comes: the one there is goes on. */
  | { kind: 'none' }

export interface Lifetimes {
  accessSeconds: number | null
  /** Undefined: no refresh token. */
  refreshSeconds?: number | null | undefined
}

export interface TokenMaker {
  access: (grant: Grant) => string
  refresh: (grant: Grant) => string
}

export type RefreshRefusal = 'unknown' | 'other_client' | 'expired' | 'revoked' | 'used'

/** Tokens by consent. Nothing is awaited in here: of refreshes that come together, one is the first. */
export class Grants {
  readonly #clock: Clock
  readonly #make: TokenMaker
  readonly #grants: Grant[] = []
  readonly #byAccess = new Map<string, Pair>()
  readonly #byRefresh = new Map<string, Pair>()

  constructor(clock: Clock, make: TokenMaker) {
    this.#clock = clock
    this.#make = make
  }

  /** What has to outlive the process. */
  get parts(): { grants: Grant[]; byAccess: Map<string, Pair>; byRefresh: Map<string, Pair> } {
    return { grants: this.#grants, byAccess: this.#byAccess, byRefresh: this.#byRefresh }
  }

  create(grant: Pick<Grant, 'clientId' | 'username' | 'scopes'> & { device?: boolean }): Grant {
    const created = { id: this.#grants.length + 1, device: false, ...grant, revoked: false }
    this.#grants.push(created)
    return created
  }

  issue(grant: Grant, lifetimes: Lifetimes, scopes: readonly string[] = grant.scopes): Pair {
    const { accessSeconds, refreshSeconds } = lifetimes
    const pair: Pair = {
      grant,
      scopes,
      accessToken: this.#make.access(grant),
      accessExpiresAt: this.#clock.after(accessSeconds),
      accessRevoked: false,
      refreshToken: refreshSeconds === undefined ? null : this.#make.refresh(grant),
      refreshExpiresAt: this.#clock.after(refreshSeconds ?? null),
      refreshRevoked: false,
      createdAt: this.#clock.now(),
      usedAt: null,
    }
    this.#byAccess.set(pair.accessToken, pair)
    if (pair.refreshToken !== null) this.#byRefresh.set(pair.refreshToken, pair)
    return pair
  }

  /** The pair of a living access token. */
  active(accessToken: string): Pair | undefined {
    const pair = this.#byAccess.get(accessToken)
    if (pair === undefined || pair.accessRevoked || pair.grant.revoked) return undefined
    return this.#clock.isPast(pair.accessExpiresAt) ? undefined : pair
  }

  /** The pair of an access or refresh token, living or not. */
  find(token: string): Pair | undefined {
    return this.#byAccess.get(token) ?? this.#byRefresh.get(token)
  }

  /** Checks a refresh token and applies the rotation; the caller issues what follows. */
  use(refreshToken: string, clientId: string, rotation: Rotation): Pair | RefreshRefusal {
    const pair = this.#byRefresh.get(refreshToken)
    if (pair === undefined) return 'unknown'
    if (pair.grant.clientId !== clientId) return 'other_client'
    if (pair.grant.revoked) return 'revoked'
    if (pair.usedAt !== null && !this.#worksAgain(pair.usedAt, rotation)) {
      if (rotation.kind === 'strict_family') pair.grant.revoked = true
      return 'used'
    }
    if (pair.refreshRevoked) return 'revoked'
    if (this.#clock.isPast(pair.refreshExpiresAt)) return 'expired'
    pair.usedAt ??= this.#clock.now()
    if (rotation.kind === 'strict' || rotation.kind === 'strict_family') pair.accessRevoked = true
    return pair
  }

  #worksAgain(usedAt: number, rotation: Rotation): boolean {
    if (rotation.kind === 'grace') return this.#clock.now() < usedAt + rotation.seconds * 1_000
    return rotation.kind === 'additional' || rotation.kind === 'none'
  }

  /** With `none`, the refresh token goes on with the newer access token. */
  move(pair: Pair, to: Pair): void {
    if (pair.refreshToken === null) return
    this.#byRefresh.set(pair.refreshToken, to)
    to.refreshToken = pair.refreshToken
    to.refreshExpiresAt = pair.refreshExpiresAt
  }

  revokePair(pair: Pair): void {
    pair.accessRevoked = true
    pair.refreshRevoked = true
  }

  /** Ends what a person gave to an app, or all that was given to it; answers how many grants lived. */
  revokeGrants({ clientId, username }: { clientId: string; username?: string }): number {
    const living = this.#grants.filter(
      (grant) =>
        !grant.revoked &&
        grant.clientId === clientId &&
        (username === undefined || grant.username === username),
    )
    for (const grant of living) grant.revoked = true
    return living.length
  }

  /** What a person has given to an app and not taken back; undefined if that is nothing. */
  authorized(clientId: string, username: string): Set<string> | undefined {
    const living = this.#grants.filter(
      (grant) => !grant.revoked && grant.clientId === clientId && grant.username === username,
    )
    return living.length === 0 ? undefined : new Set(living.flatMap(({ scopes }) => scopes))
  }

  /** The living pairs of a person and an app, the oldest first. */
  pairsOf(clientId: string, username: string): Pair[] {
    return [...this.#byAccess.values()].filter(
      ({ grant, accessToken }) =>
        grant.clientId === clientId &&
        grant.username === username &&
        this.active(accessToken) !== undefined,
    )
  }
}
