import { findPerson, type Person } from '../people.ts'

/** Signed-in browsers. A session is a random id in a cookie and a row here; signing out deletes it. */
export interface Sessions {
  /** Starts a session and answers its id, 32 random bytes. */
  start(person: Person): string
  /** Whose session this is; undefined if it has ended, or never was. */
  find(id: string | undefined): Person | undefined
  end(id: string | undefined): void
}

export const sessionLifetimeMs: number = 7 * 24 * 60 * 60 * 1000
const maxSessions = 1_000

export interface SessionOptions {
  /** Milliseconds since 1970. */
  now: () => number
  randomBytes: (length: number) => Buffer
}

export function createSessions({ now, randomBytes }: SessionOptions): Sessions {
  // A Map keeps the order of insertion, so that its first key is the oldest session.
  const rows = new Map<string, { personId: string; expiresAtMs: number }>()

  return {
    start(person) {
      const oldest = rows.size >= maxSessions ? rows.keys().next().value : undefined
      if (oldest !== undefined) rows.delete(oldest)
      const id = randomBytes(32).toString('base64url')
      rows.set(id, { personId: person.id, expiresAtMs: now() + sessionLifetimeMs })
      return id
    },
    find(id) {
      const row = id === undefined ? undefined : rows.get(id)
      return row && row.expiresAtMs > now() ? findPerson(row.personId) : undefined
    },
    end(id) {
      if (id !== undefined) rows.delete(id)
    },
  }
}
