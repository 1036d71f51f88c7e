import type { RefreshRecord } from '@keywell/sandbox'

/** What the database says of a connection, and what the provider says of the grant behind it. */
export interface Account {
  connectionId: string
  grantId: string
  status: string
  reason: string | null
  /** Of the stored credential, or the last one there was. It was 1 when the run began. */
  generation: number
  /** The newest pair lives at the provider. */
  grantLives: boolean
  /** The access token that is stored is the newest pair's; null where it was not looked at. */
  holdsNewest: boolean | null
}

/** Something that was done to a process: it may excuse what happened just before. */
export interface Disturbance {
  kind: 'kill' | 'stop'
  /** Epoch milliseconds. */
  at: number
}

/** Everything a run left behind; see `evidence.ts`. */
export interface Evidence {
  accounts: readonly Account[]
  refreshes: readonly RefreshRecord[]
  disturbances: readonly Disturbance[]
  /** Commits of one generation that were written more than once, from the audit log. */
  doubleCommits: readonly { connectionId: string; generation: number }[]
  /** How long the longest lease had been over, at worst, before a worker took the row. */
  worstLateLeaseMs: number
}

export interface Rules {
  /** How long after an answer a kill still explains its loss: the time of a commit. */
  excuseMs: number
  /** How long after a kill something may still arrive that was sent before it. */
  travelMs: number
  /** How long a lease may be over before a worker takes the row. */
  lateLeaseMs: number
}

export interface Verdict {
  figures: {
    connections: number
    refreshes: number
    /** Pairs that the provider gave and that are not stored. */
    lost: number
    /** Those of them that are called `expired`, `lost_rotation`. */
    named: number
    falseDeaths: number
    /** A refresh token that went out again: after silence, after a refusal, after a pair was given. */
    repeatsAfterSilence: number
    repeatsAfterRefusal: number
    repeatsAfterPair: number
    overlaps: number
    /** Refresh tokens that the provider never gave. */
    unknownTokens: number
    /** Pairs given whose whole answer was never handed over. */
    droppedAnswers: number
    worstLateLeaseMs: number
    doubleCommits: number
  }
  /** In words; empty means well. */
  violations: string[]
}

/** A machine that is busy, or has a thousand rows to come back to, takes its time and loses nothing by it. */
const patientMs = 20_000
const defaultRules: Rules = { excuseMs: 1_000, travelMs: 500, lateLeaseMs: patientMs }

/**
 * Judges a run against a provider that rotates strictly: each pair it gave must be stored, or be
 * lost for a reason that is known and under the name for it.
 */
export function judge(evidence: Evidence, rules: Partial<Rules> = {}): Verdict {
  const { lateLeaseMs, ...excuse } = { ...defaultRules, ...rules }
  const { accounts, disturbances, doubleCommits, worstLateLeaseMs } = evidence
  const byGrant = groupByGrant(evidence.refreshes)
  const excused = (record: RefreshRecord) => wasExcused(record, disturbances, excuse)
  const violations: string[] = []
  const figures: Verdict['figures'] = {
    connections: accounts.length,
    refreshes: evidence.refreshes.length,
    lost: 0,
    named: 0,
    falseDeaths: 0,
    repeatsAfterSilence: 0,
    repeatsAfterRefusal: 0,
    repeatsAfterPair: 0,
    overlaps: 0,
    unknownTokens: evidence.refreshes.filter(({ grantId }) => grantId === null).length,
    droppedAnswers: evidence.refreshes.filter((record) => record.issued && !arrived(record)).length,
    worstLateLeaseMs,
    doubleCommits: doubleCommits.length,
  }

  for (const account of accounts) {
    const records = byGrant.get(account.grantId) ?? []
    const given = records.filter(({ issued }) => issued).length
    const missing = given - (account.generation - 1)
    const described = `${account.connectionId} (${account.status}, ${account.reason})`
    if (missing > 0) {
      figures.lost += 1
      if (isNamed(account)) figures.named += 1
      else violations.push(`${described}: its pair is lost, and it is not called lost_rotation`)
      if (!records.some((record) => record.issued && excused(record))) {
        violations.push(`${described}: its pair is lost without a crash or a drop`)
      }
    }
    if (missing < 0) violations.push(`${described}: ${-missing} more commits than pairs were given`)
    if (missing === 0 && isDead(account) && account.grantLives) {
      figures.falseDeaths += 1
      violations.push(`${described}: called dead, while its stored pair lives`)
    }
    if (missing === 0 && account.holdsNewest === false) {
      violations.push(`${described}: the pair that is stored is not the newest`)
    }
  }

  for (const [grantId, records] of byGrant) {
    for (const { again, earlier } of repeatsIn(records)) {
      if (earlier.issued) figures.repeatsAfterPair += 1
      else if (earlier.status === null || !earlier.delivered) figures.repeatsAfterSilence += 1
      else figures.repeatsAfterRefusal += 1
      if (earlier.issued && !excused(earlier)) {
        violations.push(
          `grant ${grantId}: pair ${again.pairId} was used up and sent again, with no reason for doubt`,
        )
      }
    }
    for (const record of overlapsIn(records)) {
      figures.overlaps += 1
      violations.push(`grant ${grantId}: two requests at once, with pair ${record.pairId}`)
    }
  }
  if (figures.unknownTokens > 0) {
    violations.push(`${figures.unknownTokens} refreshes with a token that the provider never gave`)
  }
  for (const { connectionId, generation } of doubleCommits) {
    violations.push(`${connectionId}: generation ${generation} was committed twice`)
  }
  if (worstLateLeaseMs > lateLeaseMs) {
    violations.push(`a lease that had ended was left for ${Math.round(worstLateLeaseMs)} ms`)
  }
  return { figures, violations }
}

function groupByGrant(records: readonly RefreshRecord[]): Map<string, RefreshRecord[]> {
  const groups = new Map<string, RefreshRecord[]>()
  for (const record of records) {
    if (record.grantId === null) continue
    const group = groups.get(record.grantId)
    if (group === undefined) groups.set(record.grantId, [record])
    else group.push(record)
  }
  return groups
}

const isDead = ({ status }: Account) => status === 'expired' || status === 'revoked'
const isNamed = ({ status, reason }: Account) => status === 'expired' && reason === 'lost_rotation'

/** The whole answer with the pair was handed over; whether it was read is another matter. */
const arrived = (record: RefreshRecord) => record.delivered && record.status === 200

/** Its answer never came whole, or the process that had it was disturbed before it could commit. */
function wasExcused(
  record: RefreshRecord,
  disturbances: readonly Disturbance[],
  { excuseMs, travelMs }: Pick<Rules, 'excuseMs' | 'travelMs'>,
): boolean {
  if (!arrived(record)) return true
  const from = record.startedAt - travelMs
  const until = (record.endedAt ?? record.startedAt) + excuseMs
  return disturbances.some(({ at }) => at >= from && at <= until)
}

/** Each presentation of a pair after the first, with the one that says most about it before. */
function repeatsIn(
  records: readonly RefreshRecord[],
): { again: RefreshRecord; earlier: RefreshRecord }[] {
  return records.flatMap((again, index) => {
    const before = records.slice(0, index).filter(({ pairId }) => pairId === again.pairId)
    const earlier = before.find(({ issued }) => issued) ?? before.at(-1)
    return earlier === undefined || again.pairId === null ? [] : [{ again, earlier }]
  })
}

/** Requests that began while another of the same grant was under way. */
function overlapsIn(records: readonly RefreshRecord[]): RefreshRecord[] {
  return records.filter((record, index) =>
    records.slice(0, index).some(({ endedAt }) => endedAt === null || endedAt > record.startedAt),
  )
}
