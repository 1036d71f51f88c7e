import { listHeads } from '../store/audit-heads.ts'
import {
  findCut,
  findNextAuditTenant,
  type LinkRow,
  readLinks,
  readWaiting,
} from '../store/audit-walk.ts'
import type { Database } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'
import { VaultError } from '../vault/vault.ts'
import type { AuditKeys } from './audit-keys.ts'
import type { HeadClaims, Heads } from './heads.ts'
import { type AuditKey, linkOf, macOfCut, macOfEntry } from './seal.ts'

/** Links or entries of one statement. */
const batchRows = 1_000

/** Something that is not as it was written. */
export interface AuditFinding {
  tenantId: string
  /**
   * `altered`: the entry says something else than what was written. `missing`: it is gone.
   * `reordered`: it is genuine, and does not belong at this position or to this time; or its link was
   * overwritten. `cut_off`: a signed head lies beyond the end of the chain. `planted`: the service did not
   * write it: it waits for a chain and is not genuine, or stands where another stands. `forged`: a head that this installation never signed, or a cut that retention never
   * made. `unverifiable`: the key that it was sealed with is not to be had.
   */
  kind: 'altered' | 'missing' | 'reordered' | 'cut_off' | 'planted' | 'forged' | 'unverifiable'
  position: number | null
  entryId: string | null
  at: Date | null
}

export interface AuditReport {
  tenants: number
  /** Entries that were proved. */
  entries: number
  /** Signed heads that were met on the way. */
  heads: number
  /** The first of each tenant; empty: all is as it was written. */
  findings: AuditFinding[]
}

export interface VerifyOptions {
  /** Default: all tenants. */
  tenantId?: string | undefined
  /** Signed heads that were kept elsewhere, from the log or the API. */
  heads?: readonly string[] | undefined
  /** Told after each batch. */
  progress?: ((report: Readonly<AuditReport>) => void) | undefined
}

/**
 * Proves that the log is as it was written: walks the chain of each tenant from its cut to its end, and
 * proves those that wait for it. Works beside a running service.
 */
export type AuditVerifier = (options?: VerifyOptions) => Promise<AuditReport>

export function createAuditVerifier(parts: {
  database: Database
  keys: Pick<AuditKeys, 'find'>
  heads: Pick<Heads, 'check'>
}): AuditVerifier {
  const { database } = parts

  return async ({ tenantId, heads = [], progress = () => {} } = {}) => {
    const report: AuditReport = { tenants: 0, entries: 0, heads: 0, findings: [] }
    const told = await checkTold(heads, report)
    const keyOf = rememberKeys(parts.keys)

    async function verifyTenant(id: string): Promise<void> {
      report.tenants += 1
      const own = told.filter((head) => head.tenantId === id)
      const walk = { ...parts, tenantId: id, told: own, keyOf, report, progress }
      const finding = (await walkChain(walk)) ?? (await findPlanted(walk))
      if (finding !== undefined) report.findings.push(finding)
      progress(report)
    }

    if (tenantId !== undefined) {
      await verifyTenant(tenantId)
      return report
    }
    // In both, since a tenant of whom nothing is left may still be known by a head from elsewhere.
    const unseen = new Set(told.map((head) => head.tenantId))
    let next = await findNextAuditTenant(database.of(everyTenant), '')
    while (next !== undefined) {
      unseen.delete(next)
      await verifyTenant(next)
      next = await findNextAuditTenant(database.of(everyTenant), next)
    }
    for (const id of unseen) await verifyTenant(id)
    return report
  }

  /** The heads that were handed in; one that was not signed here proves nothing. */
  async function checkTold(tokens: readonly string[], report: AuditReport): Promise<HeadClaims[]> {
    const told: HeadClaims[] = []
    for (const token of tokens) {
      const claims = await parts.heads.check(token)
      if (claims === undefined) report.findings.push(forgedHead('', null))
      else told.push(claims)
    }
    return told
  }
}

type KeyOf = (version: number) => Promise<AuditKey | undefined>

interface Walk {
  database: Database
  heads: Pick<Heads, 'check'>
  tenantId: string
  /** Heads of this tenant that were kept elsewhere. */
  told: readonly HeadClaims[]
  keyOf: KeyOf
  report: AuditReport
  progress: (report: Readonly<AuditReport>) => void
}

/** Where in a chain we are: the next link stands at `position + 1` and follows `link`. */
interface Place {
  position: number
  link: Uint8Array | null
}

async function walkChain(walk: Walk): Promise<AuditFinding | undefined> {
  const { database, tenantId, report } = walk
  const start = await placeOfCut(walk)
  if ('kind' in start) return start
  let place: Place = start
  for (;;) {
    const links = await readLinks(database.of(tenantId), {
      tenantId,
      after: place.position,
      limit: batchRows,
    })
    const heads = await headsBetween(walk, place.position, links.at(-1)?.position)
    if (!Array.isArray(heads)) return heads
    for (const link of links) {
      const finding = (await checkLink(walk, place, link)) ?? checkHeads(link, heads)
      if (finding !== undefined) {
        // Retention may have come in between: then the chain begins later now.
        const cut = await placeOfCut(walk)
        if ('kind' in cut || cut.position <= place.position) return finding
        place = cut
        break
      }
      place = link
      report.entries += 1
    }
    report.heads += heads.filter(({ position }) => position <= place.position).length
    walk.progress(report)
    if (links.length > 0) continue
    const beyond = heads.find(({ position }) => position > place.position)
    if (beyond === undefined) return undefined
    // The chain may have grown since it was read; only if it has not, its end is gone.
    const more = await readLinks(database.of(tenantId), {
      tenantId,
      after: place.position,
      limit: 1,
    })
    if (more.length === 0) return cutOff(beyond, place)
  }
}

/** Where the chain begins: after what retention took, or at nothing. */
async function placeOfCut({ database, tenantId, keyOf }: Walk): Promise<Place | AuditFinding> {
  const cut = await findCut(database.of(tenantId), tenantId)
  if (cut === undefined) return { position: 0, link: null }
  const { position, at } = cut
  const key = await keyOf(cut.macVersion)
  if (key === undefined) return { tenantId, kind: 'unverifiable', position, entryId: null, at }
  if (macOfCut(key, cut).equals(cut.mac)) return cut
  return { tenantId, kind: 'forged', position, entryId: null, at }
}

async function checkLink(
  { tenantId, keyOf }: Walk,
  place: Place,
  row: LinkRow,
): Promise<AuditFinding | undefined> {
  const { position, entryId, at, entry } = row
  const found = (kind: AuditFinding['kind']) => ({ tenantId, kind, position, entryId, at })
  const expected = place.position + 1
  if (position < expected) return found('planted')
  // Nothing but its position is known of it.
  if (position > expected) {
    return { tenantId, kind: 'missing', position: expected, entryId: null, at: null }
  }
  const [macKey, linkKey] = [await keyOf(row.macVersion), await keyOf(row.linkVersion)]
  if (macKey === undefined || linkKey === undefined) return found('unverifiable')
  if (!macOfEntry(macKey, entry).equals(row.mac)) return found('altered')
  const link = linkOf(linkKey, { ...row, previous: place.link })
  return link.equals(row.link) ? undefined : found('reordered')
}

/** Signed heads after a position and up to another; without an end, whatever lies beyond. */
async function headsBetween(
  { database, heads, tenantId, told }: Walk,
  after: number,
  upTo: number = Number.MAX_SAFE_INTEGER,
): Promise<HeadClaims[] | AuditFinding> {
  const between = told.filter(({ position }) => position > after && position <= upTo)
  const kept = await listHeads(database.of(tenantId), { tenantId, after, limit: batchRows })
  for (const head of kept) {
    if (head.position > upTo) break
    const claims = await heads.check(head.token)
    if (claims === undefined || claims.tenantId !== tenantId || claims.position !== head.position) {
      return forgedHead(tenantId, head.position)
    }
    between.push(claims)
  }
  return between
}

/** The chain was written anew if it has another link where a head was signed. */
function checkHeads(row: LinkRow, heads: readonly HeadClaims[]): AuditFinding | undefined {
  const { tenantId, position, entryId, at } = row
  const link = Buffer.from(row.link).toString('base64url')
  const differs = heads.some((head) => head.position === position && head.link !== link)
  return differs ? { tenantId, kind: 'reordered', position, entryId, at } : undefined
}

function cutOff(head: HeadClaims, end: Place): AuditFinding {
  const { tenantId } = head
  const at = new Date(head.at)
  return { tenantId, kind: 'cut_off', position: end.position + 1, entryId: null, at }
}

function forgedHead(tenantId: string, position: number | null): AuditFinding {
  return { tenantId, kind: 'forged', position, entryId: null, at: null }
}

/** The first of those that wait for their chain which the service did not write. */
async function findPlanted({ database, tenantId, keyOf }: Walk): Promise<AuditFinding | undefined> {
  let after = '0'
  for (;;) {
    const rows = await readWaiting(database.of(tenantId), { tenantId, after, limit: batchRows })
    for (const { entry, at, macVersion, mac } of rows) {
      const where = { tenantId, position: null, entryId: entry.id, at }
      const key = await keyOf(macVersion)
      if (key === undefined) return { ...where, kind: 'unverifiable' }
      if (!macOfEntry(key, entry).equals(mac)) return { ...where, kind: 'planted' }
    }
    const last = rows.at(-1)
    if (last === undefined) return undefined
    after = last.seq
  }
}

/** Each key is asked for once; undefined: it is not to be had. */
function rememberKeys(keys: Pick<AuditKeys, 'find'>): KeyOf {
  const known = new Map<number, Promise<AuditKey | undefined>>()
  return (version) => {
    const asked = known.get(version)
    if (asked !== undefined) return asked
    const key = keys.find(version).catch((error: unknown) => {
      if (error instanceof VaultError) return undefined
      throw error
    })
    known.set(version, key)
    return key
  }
}
