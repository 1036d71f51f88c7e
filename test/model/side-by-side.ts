/** One connection twice: as the pure rows of the model, and as rows of a real database. */
import { randomUUID } from 'node:crypto'
import type { RecheckState } from '@keywell/server/model'
import type { TestDatabase } from '../support/inspected.ts'
import * as store from '../support/keeping.ts'
import * as mirror from './database.ts'

/** What is done to both. Acts of a worker are done under the claim that it took last. */
export type Act =
  | {
      act:
        | 'due'
        | 'ends'
        | 'lease_ends'
        | 'doubt_ages'
        | 'probe_inactive'
        | 'take_orphan'
        | 'disconnect'
    }
  | { act: 'claim'; worker: number }
  | { act: 'restart'; worker: number }
  | { act: 'die'; worker: number }
  | { act: 'commit'; worker: number; recheckState: RecheckState }
  | {
      act: 'fail'
      worker: number
      state: mirror.ScheduleState
      unresolved: boolean
      retryInMs: number | null
    }

/** Those that change a row of the model; that a token `ends` only decides what can be claimed. */
export const everyAct: readonly Act['act'][] = [
  ...(['due', 'lease_ends', 'doubt_ages', 'probe_inactive', 'take_orphan', 'disconnect'] as const),
  ...(['claim', 'restart', 'die', 'commit', 'fail'] as const),
]

export interface Pair {
  run(act: Act): Promise<void>
  mirrored(): mirror.Tables
  stored(): Promise<mirror.Tables>
}

/** What a worker knows: its claim, and the row as it was when it had claimed it. */
interface Hand {
  claim: store.Claim
  row: store.KeptCredentialRow
  /** The one that this attempt brought; a commit is repeated with it when its reply was lost. */
  pair: number
}

const tenantId = 'ten_model'
const death = { status: 'revoked', reason: 'revoked' } as const
const dying = { state: 'dead', unresolved: false, retryInMs: null } as const
const longMs = 3_600_000

const reader = () => ({ owner: randomUUID(), leaseMs: longMs, silentMs: null })

/** Connected, and not due yet. */
export async function createPair(database: TestDatabase): Promise<Pair> {
  const id = `con_${randomUUID()}`
  const key = { tenantId, connectionId: id }
  const hands = new Map<number, Hand>()
  const claimants = new Map<string, number>()
  let tables = mirror.connected
  let pairs = 1
  let hasEnded = false

  const sql = database.of([tenantId, '@install'])
  const inStore = <Result>(work: (sql: store.Sql) => Promise<Result>) =>
    database.transaction(tenantId, work)
  await insert(database, id)

  async function claim(worker: number): Promise<void> {
    const taken = mirror.claimRefresh(tables, worker, hasEnded)
    const claimed = await store.claimRefresh(sql, { ...key, ...reader() })
    agree(taken !== undefined, claimed !== undefined)
    if (taken === undefined || claimed === undefined) return
    agree(taken.claim, {
      previousState: claimed.previousState,
      doubt: ageOf(claimed.unresolvedForMs),
    })
    tables = taken.tables
    claimants.set(claimed.epoch, worker)
    const row = await store.findKeptCredential(sql, tenantId, id)
    if (row === undefined) throw new Error('what was claimed is gone')
    hands.set(worker, { claim: claimed, row, pair: pairs++ })
  }

  /** As `commit.ts` does it. */
  async function commit(worker: number, hand: Hand, recheckState: RecheckState): Promise<void> {
    const { claim, row, pair } = hand
    const source = { generation: row.generation, pair, recheckState }
    const replaced = mirror.replaceCredential(tables, worker, source)
    tables = replaced ?? mirror.keepAside(tables, pair)
    if (replaced !== undefined) hasEnded = false
    const generation = row.generation + 1
    const sealed = { sealed: Uint8Array.of(pair), keyVersion: 1, generation }
    await inStore(async (sql) => {
      const isReplaced = await store.replaceCredential(sql, {
        ...key,
        ...sealed,
        type: 'oauth_token',
        lifeMs: longMs,
        committedBy: claim.attemptId,
        rotates: false,
        tokenEndsInMs: null,
      })
      agree(isReplaced, replaced !== undefined)
      if (isReplaced) {
        const next = { refreshInMs: longMs, probeInMs: longMs }
        const end = { grantEndsInMs: null, endsSoonInMs: null }
        const due = { inUse: next, dormant: next, dormantAfterMs: longMs, ...end }
        await store.recordSuccess(sql, { ...key, ...due, epoch: claim.epoch, recheckState })
        const advanced = { ...row, generation, scopes: null, details: null, degradedBy: null }
        await store.advanceConnection(sql, advanced)
        return
      }
      const now = await store.findKeptCredential(sql, tenantId, id)
      if (now?.committedBy === claim.attemptId) return
      if (now?.sealed != null) {
        await store.insertOrphan(sql, { ...key, ...sealed, attemptId: claim.attemptId })
      } else {
        await store.insertRevocation(sql, { ...row, ...key, ...sealed, attemptId: claim.attemptId })
      }
    })
  }

  /** As `fail.ts` does it. */
  async function fail(
    worker: number,
    { claim, row }: Hand,
    verdict: Pick<Extract<Act, { act: 'fail' }>, 'unresolved' | 'retryInMs'> & {
      state: mirror.ScheduleState
    },
  ): Promise<void> {
    const failed = mirror.recordFailure(tables, worker, verdict)
    const isDead = verdict.state === 'dead'
    if (failed !== undefined) {
      tables = isDead ? mirror.endConnection(failed, row.generation, death) : failed
    }
    await inStore(async (sql) => {
      const rest = { outcome: 'rejected', failures: 1 }
      const isOurs = await store.recordFailure(sql, claim, { ...verdict, ...rest })
      agree(isOurs, failed !== undefined)
      if (isOurs && isDead) await store.endConnection(sql, { ...row, ...death })
    })
  }

  async function restart(worker: number, { claim }: Hand): Promise<void> {
    const restarted = mirror.restartIndeterminate(tables, worker)
    tables = restarted ?? tables
    agree(await store.restartIndeterminate(sql, claim), restarted !== undefined)
  }

  async function takeOrphan(): Promise<void> {
    const taken = mirror.takeOrphan(tables)
    tables = taken?.tables ?? tables
    await inStore(async (sql) => {
      const orphan = await store.findOrphan(sql, tenantId, id)
      agree(orphan?.sealed[0], taken?.pair)
      if (orphan !== undefined) await store.deleteOrphan(sql, orphan)
    })
  }

  async function disconnect(): Promise<void> {
    tables = tables.credential === null ? tables : mirror.disconnect(tables)
    await inStore(async (sql) => {
      const methods = ['oauth']
      await store.moveToRevocations(sql, { tenantId, connectionId: id, methods, claimed: true })
      await store.deleteCredential(sql, tenantId, id)
      await store.deleteSchedule(sql, tenantId, id)
      await store.disconnectConnection(sql, tenantId, id)
    })
  }

  async function probeDead(): Promise<void> {
    const generation = tables.credential?.generation ?? 0
    tables = mirror.probeDead(tables, generation)
    const claim = await store.claimProbe(sql, { ...key, ...reader(), generation, pauseMs: 0 })
    if (claim === undefined) return
    const { previousState: state, failures, probeFailures } = claim
    const found = { state, failures, probeFailures, probeInMs: longMs, generation }
    await store.endProbe(sql, claim, { ...found, refreshNow: state === 'idle' })
  }

  /** Nothing but time, which in the database is what rows are compared with. */
  async function pass(change: Partial<mirror.Schedule>, statement: string): Promise<void> {
    const { schedule } = tables
    if (schedule !== null) tables = { ...tables, schedule: { ...schedule, ...change } }
    const where = 'tenant_id = $1 and connection_id = $2'
    await database.query(`update refresh_schedule set ${statement} where ${where}`, [tenantId, id])
  }

  async function run(act: Act): Promise<void> {
    switch (act.act) {
      case 'due':
        return pass({ due: true }, "refresh_at = now() - interval '1 second'")
      case 'lease_ends':
        if (tables.schedule?.held !== true) return
        return pass({ leaseEnded: true }, "lease_until = now() - interval '1 second'")
      case 'doubt_ages':
        if (tables.schedule === null || tables.schedule.doubt === null) return
        return pass({ doubt: 'old' }, "unresolved_since = now() - interval '1 hour'")
      case 'ends':
        hasEnded = tables.credential !== null
        await database.query(
          `update credentials set expires_at = now() - interval '1 second'
           where tenant_id = $1 and connection_id = $2`,
          [tenantId, id],
        )
        return
      case 'probe_inactive':
        return probeDead()
      case 'take_orphan':
        return takeOrphan()
      case 'disconnect':
        return disconnect()
      case 'claim':
        return claim(act.worker)
      case 'commit':
        return underClaim(act.worker, (hand) => commit(act.worker, hand, act.recheckState))
      case 'fail':
        return underClaim(act.worker, (hand) => fail(act.worker, hand, act))
      case 'die':
        return underClaim(act.worker, (hand) => fail(act.worker, hand, dying))
      case 'restart':
        return underClaim(act.worker, (hand) => restart(act.worker, hand))
      default:
        act satisfies never
    }
  }

  async function underClaim(worker: number, run: (hand: Hand) => Promise<void>): Promise<void> {
    const hand = hands.get(worker)
    if (hand !== undefined) await run(hand)
  }

  return {
    run,
    mirrored: () => ({ ...tables, revocations: tables.revocations.toSorted() }),
    stored: () => read(database, id, claimants),
  }
}

function agree(real: unknown, mirrored: unknown): void {
  if (JSON.stringify(real) === JSON.stringify(mirrored)) return
  throw new Error(`the database says ${JSON.stringify(real)}, not ${JSON.stringify(mirrored)}`)
}

async function insert(sql: store.Sql, id: string): Promise<void> {
  await sql.query(
    `insert into connections (tenant_id, id, user_id, provider, method, host, name, integration_owner,
       integration_id, status, account, asked_scopes, granted_scopes, generation)
     values ($1, $2, 'user', 'gitlab', 'oauth', 'https://gitlab.example', $2, '@install', 'int_model',
       'active', '{}', '{}', '{}', 1)`,
    [tenantId, id],
  )
  await sql.query(
    `insert into credentials (tenant_id, connection_id, type, generation, key_version, sealed,
       issued_at, committed_by)
     values ($1, $2, 'oauth_token', 1, 1, $3, now(), gen_random_uuid())`,
    [tenantId, id, Uint8Array.of(0)],
  )
  await sql.query(
    `insert into refresh_schedule (tenant_id, connection_id, integration_id, host, state, refresh_at)
     values ($1, $2, 'int_model', 'https://gitlab.example', 'idle', now() + interval '1 hour')`,
    [tenantId, id],
  )
}

/** The rows, in the terms of the model. */
async function read(
  sql: store.Sql,
  id: string,
  claimants: ReadonlyMap<string, number>,
): Promise<mirror.Tables> {
  const [row] = await sql.query<StoredRow>(
    `select u.state, u.refresh_at <= now() as due, u.epoch, u.lease_owner is not null as held,
            coalesce(u.lease_until < now(), false) as "leaseEnded",
            (extract(epoch from now() - u.unresolved_since) * 1000)::float8 as "unresolvedForMs",
            k.generation, get_byte(k.sealed, 0) as pair, c.status, c.reason,
            array_to_json(array(select get_byte(sealed, 0) from orphans o
                                where o.tenant_id = c.tenant_id and o.connection_id = c.id
                                order by created_at)) as orphans,
            array_to_json(array(select get_byte(sealed, 0) from revocations r
                                where r.tenant_id = c.tenant_id and r.connection_id = c.id
                                order by 1)) as revocations
     from connections c
     left join refresh_schedule u on u.tenant_id = c.tenant_id and u.connection_id = c.id
     left join credentials k on k.tenant_id = c.tenant_id and k.connection_id = c.id
     where c.tenant_id = $1 and c.id = $2`,
    [tenantId, id],
  )
  if (row === undefined) throw new Error('not even a tombstone is left')
  const { state, due, held, leaseEnded, epoch, generation, pair, status, reason } = row
  const lastClaim = claimants.get(epoch) ?? null
  const doubt = ageOf(row.unresolvedForMs)
  return {
    schedule: state === null ? null : { state, due, lastClaim, held, leaseEnded, doubt },
    credential: generation === null ? null : { generation, pair },
    connection: { status, reason },
    orphans: row.orphans,
    revocations: row.revocations,
  }
}

/** What stands beside a `state` or a `generation` of null is null as well, and is not looked at. */
type StoredRow = Omit<mirror.Schedule, 'state' | 'lastClaim' | 'doubt'> &
  Pick<mirror.Tables, 'orphans' | 'revocations'> &
  mirror.Tables['connection'] & {
    state: mirror.ScheduleState | null
    epoch: string
    unresolvedForMs: number | null
    generation: number | null
    pair: number
  }

function ageOf(unresolvedForMs: number | null): mirror.DoubtAge | null {
  if (unresolvedForMs === null) return null
  return unresolvedForMs < longMs / 2 ? 'young' : 'old'
}
