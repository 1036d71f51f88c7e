import { KeywellError } from '@keywell/protocol'
import { type CacheChange, isOfTenant } from '../cache/cache-change.ts'
import { tenantOwned, type UserKey } from '../cache/entry-index.ts'
import type { ChangeListener } from './change-listener.ts'

export interface UserId {
  readonly tenantId: string
  readonly userId: string
  /** The tenant's own connections, in place of the user's. */
  readonly owner?: 'tenant' | undefined
}

/** Followers of one user at once: a window of a browser is one. */
const maxOfUser = 8
/** Followers in this process. */
const maxFollowers = 2_000
const retryAfterMs = 30_000

/** Wakes the pages that show a user's connections when one of them may have changed. */
export class UserChanges {
  /** By tenant, then by user. */
  readonly #tenants = new Map<string, Map<UserKey, Set<() => void>>>()
  #followers = 0

  /** A listener that passes everything on to `next`, and then wakes followers. */
  after(next: ChangeListener): ChangeListener {
    return {
      validated: (atMs) => next.validated(atMs),
      coverFromNow: () => next.coverFromNow(),
      refuse: () => next.refuse(),
      apply: (change) => {
        next.apply(change)
        this.#wake(change)
      },
      suspect: (change) => {
        next.suspect(change)
        this.#wake(change)
      },
      flush: () => {
        next.flush()
        for (const users of this.#tenants.values()) wakeAll(users)
      },
    }
  }

  /**
   * @returns a function that ends it; a second call does nothing
   * @throws KeywellError `rate_limited` for a user with too many windows, or when this process has too many
   */
  follow({ tenantId, userId: id, owner }: UserId, wake: () => void): () => void {
    const userId = owner === 'tenant' ? tenantOwned : id
    const users = this.#tenants.get(tenantId) ?? new Map<UserKey, Set<() => void>>()
    const followers = users.get(userId) ?? new Set()
    if (followers.size >= maxOfUser) throw tooMany('user', maxOfUser)
    if (this.#followers >= maxFollowers) throw tooMany('process', maxFollowers)
    // A function of its own, so that one that follows twice has two places.
    const follower = (): void => wake()
    this.#tenants.set(tenantId, users.set(userId, followers.add(follower)))
    this.#followers += 1
    return () => {
      if (!followers.delete(follower)) return
      this.#followers -= 1
      if (followers.size === 0) users.delete(userId)
      if (users.size === 0) this.#tenants.delete(tenantId)
    }
  }

  #wake(change: CacheChange): void {
    const users = this.#tenants.get(change.tenantId)
    if (users === undefined) return
    if (isOfTenant(change)) wakeAll(users)
    else for (const wake of users.get(change.userId ?? tenantOwned) ?? []) wake()
  }
}

function tooMany(whose: 'user' | 'process', most: number): KeywellError {
  const detail = `This ${whose} has ${most} windows that follow, which is the most.`
  const nextStep =
    whose === 'user'
      ? 'Close those that nobody needs. One that stays open reads its list when it becomes visible, and tries again.'
      : 'Run another process of the app. A window that stays open tries again by itself.'
  return new KeywellError('rate_limited', detail, { nextStep, retryAfterMs })
}

function wakeAll(users: Map<UserKey, Set<() => void>>): void {
  for (const followers of users.values()) for (const wake of followers) wake()
}
