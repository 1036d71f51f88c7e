import { listHeads } from '../store/audit-heads.ts'
import { findCut, type LinkRow, readLinks } from '../store/audit-walk.ts'
import type { Database } from '../store/database.ts'
import type { HeadClaims, Heads } from './heads.ts'
import { type AuditKey, linkOf, macOfCut, macOfEntry } from './seal.ts'

/** Links of one statement. */
const batchRows = 1_000

/** An entry, head or cut that is not as the service wrote it. */
export interface AuditFinding {
  tenantId: string
  /**
   * `altered`: the entry differs from what was written. `missing`: the entry is gone.
   * `reordered`: the entry is genuine, but not at this position or time; or its link was overwritten.
   * `cut_off`: a signed head is beyond the end of the chain. `planted`: the service did not write the entry:
   * it is not linked yet and not genuine, or has the position of another one. `forged`: a head that this
   * installation did not sign, or a cut that retention did not make. `unverifiable`: the key that sealed it
   * is not available.
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
  /** Signed heads that were checked. */
  heads: number
  /** The first finding of each tenant; empty: everything is as it was written. */
  findings: AuditFinding[]
}

export type KeyOf = (version: number) => Promise<AuditKey | undefined>

/** The verification of one tenant. */
export interface Walk {
  database: Database
  heads: Pick<Heads, 'check'>
  tenantId: string
  /** Signed heads of this tenant that were stored outside of the database. */
  outsideHeads: readonly HeadClaims[]
  keyOf: KeyOf
  report: AuditReport
  progress: (report: Readonly<AuditReport>) => void
}

/** A place in a chain: the next link has the position `position + 1` and follows `link`. */
interface Place {
  position: number
  link: Uint8Array | null
}

/** Proves each link of a chain, from its cut to its end. Returns the first finding. */
export async function walkChain(walk: Walk): Promise<AuditFinding | undefined> {
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
        // If retention cut the chain meanwhile, it begins later now.
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
    // The chain may have grown since it was read. Only if it has not, its end is gone.
    const more = await readLinks(database.of(tenantId), {
      tenantId,
      after: place.position,
      limit: 1,
    })
    if (more.length === 0) return cutOff(beyond, place)
  }
}

/** The place before the first link: the cut of retention, or the beginning. */
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
  // Only the position of a missing link is known.
  if (position > expected) {
    return { tenantId, kind: 'missing', position: expected, entryId: null, at: null }
  }
  const [macKey, linkKey] = [await keyOf(row.macVersion), await keyOf(row.linkVersion)]
  if (macKey === undefined || linkKey === undefined) return found('unverifiable')
  if (!macOfEntry(macKey, entry).equals(row.mac)) return found('altered')
  const link = linkOf(linkKey, { ...row, previous: place.link })
  return link.equals(row.link) ? undefined : found('reordered')
}

/** Signed heads after a position and up to another. Default: up to the end. */
async function headsBetween(
  { database, heads, tenantId, outsideHeads }: Walk,
  after: number,
  upTo: number = Number.MAX_SAFE_INTEGER,
): Promise<HeadClaims[] | AuditFinding> {
  const between = outsideHeads.filter(({ position }) => position > after && position <= upTo)
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

/** A chain that has another link at the position of a signed head was rewritten. */
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

export function forgedHead(tenantId: string, position: number | null): AuditFinding {
  return { tenantId, kind: 'forged', position, entryId: null, at: null }
}
