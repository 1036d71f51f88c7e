import type { Connection, DisconnectAnswer } from '@keywell/protocol'
import { connection, idOf } from './fixtures.ts'

/**
 * Accounts of a user who has several, and one account in each state. Their times count from when the page was loaded,
 * so that it always says the same of them; fixtures.test.ts holds them against the schema.
 */

const minutesFromNow = (minutes: number): string =>
  new Date(Date.now() + minutes * 60_000).toISOString()

const day = 24 * 60

/** One of several: works, was just checked and used. */
function account(n: number, change: Partial<Connection> = {}): Connection {
  return {
    ...connection,
    id: idOf('con', n) as Connection['id'],
    scopes: ['read_api'],
    health: { status: 'ok', reason: null, checkedAt: minutesFromNow(-2) },
    lastUsedAt: minutesFromNow(-40),
    ...change,
  }
}

function degraded(n: number, reason: string): Connection {
  const health = { status: 'degraded' as const, reason, checkedAt: minutesFromNow(-6) }
  return account(n, { health })
}

function ended(
  n: number,
  status: 'expired' | 'revoked',
  reason: NonNullable<Connection['reason']>,
): Connection {
  const health = { status: 'degraded' as const, reason, checkedAt: minutesFromNow(-90) }
  return account(n, { status, reason, needsReauth: true, health })
}

export const one: Connection = account(1)

const work = account(2, {
  name: 'work',
  account: { id: '12', name: null, username: 'okafor-northwind', avatarUrl: null },
  scopes: ['read_api', 'read_user', 'read_repository'],
  lastUsedAt: null,
})

const selfManaged = account(3, {
  name: 'agency',
  host: 'https://git.northwind.example/gitlab',
  account: {
    id: '3',
    name: 'Wilhelmina Bartholomäa von und zu Hohenstaufen-Lichtenberg',
    username: null,
    avatarUrl: null,
  },
  scopes: ['read_api'],
  missingScopes: ['read_repository'],
  // A key that its user pasted, and that nothing renews.
  renewable: false,
  endsAt: minutesFromNow(12 * day + 60),
})

export type StateName =
  | 'ok'
  | 'unknown'
  | 'unavailable'
  | 'setup'
  | 'otherAccount'
  | 'revoked'
  | 'expired'
  | 'lost'
  | 'timeIsOver'
  | 'disconnected'

export const states: Readonly<Record<StateName, Connection>> = {
  ok: one,
  unknown: account(4, { health: { status: 'unknown', reason: null, checkedAt: null } }),
  unavailable: degraded(5, 'status_502'),
  setup: degraded(6, 'request_rejected'),
  otherAccount: degraded(7, 'account_mismatch'),
  revoked: ended(8, 'revoked', 'revoked'),
  expired: ended(9, 'expired', 'refresh_expired'),
  lost: ended(10, 'expired', 'lost_rotation'),
  timeIsOver: ended(11, 'expired', 'token_expired'),
  disconnected: account(12, { status: 'disconnected' }),
}

export const several: readonly Connection[] = [one, work, selfManaged, states.unavailable].map(
  (each, place) => (place === 3 ? { ...each, name: 'backup' } : each),
)

/** More than one page of the API has. */
export const many: readonly Connection[] = Array.from({ length: 130 }, (_, place) =>
  account(100 + place, place === 0 ? {} : { name: `team-${place}` }),
)

/** Its key has to be removed at the provider by hand. */
export const removed: DisconnectAnswer = {
  connection: one,
  upstream: 'manual',
  manualUrl: 'https://gitlab.com/-/user_settings/personal_access_tokens',
}
