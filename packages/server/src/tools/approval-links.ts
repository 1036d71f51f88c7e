import { type ApprovalLink, approvalIdSchema, KeywellError } from '@keywell/protocol'
import type { RequestActor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { type ConnectPeppers, isUnaltered, type OpenedApproval } from '../connect/connect-macs.ts'
import { hashSecretText, makeSecretText } from '../connect/one-time-code.ts'
import type { Logger } from '../logger.ts'
import {
  type ApprovalPurpose,
  type FoundApprovalCode,
  findApprovalPage,
  insertApprovalCode,
  spendApprovalLink,
} from '../store/approval-codes.ts'
import { readClock } from '../store/census.ts'
import type { Database, Sql } from '../store/database.ts'
import { installation, withInstallation } from '../store/scope.ts'
import type { RandomBytes } from '../vault/bytes.ts'
import type { Approvals } from './approvals.ts'

/** Where the pages of approvals are. The address of one opens nothing by itself: agents know it. */
export const approvalPath = '/approvals'

/** The app's backend sends the browser there at once. */
const linkLifeMs = 2 * 60_000
/** Longer than any approval, so that its page can say at the end that it has ended. */
export const approvalPageLifeMs: number = 20 * 60_000

/**
 * Who decides on the page of the service is said by the app's own login: its backend makes a link for the person who
 * is signed in, and sends their browser there. The link works once, and leaves a cookie in that browser alone.
 */
export interface ApprovalLinks {
  /** @throws KeywellError `not_found`: there is none, or it is another user's and the link is not `forOthers` */
  create(
    id: string,
    person: { tenantId: string; userId: string; forOthers: boolean },
    caller: RequestActor,
  ): Promise<ApprovalLink>
  /**
   * Uses a link up.
   *
   * @returns the approval, and the secret for the browser's cookie
   * @throws KeywellError `session_expired`: it is unknown, used, ended or planted
   */
  open(text: string): Promise<{ approvalId: string; secret: string }>
  /** Who decides in the browser that has this cookie; undefined: nobody. */
  find(approvalId: string, secret: string | undefined): Promise<OpenedApproval | undefined>
}

export interface ApprovalLinkParts {
  database: Database
  peppers: ConnectPeppers
  approvals: Pick<Approvals, 'read'>
  audit: Pick<Audit, 'write' | 'requireWritable'>
  randomBytes: RandomBytes
  logger: Logger
  publicUrl: string
}

export function createApprovalLinks(parts: ApprovalLinkParts): ApprovalLinks {
  return {
    create: (id, person, caller) => createLink(parts, id, person, caller),

    async open(text) {
      const opened = await openLink(parts, text)
      if (opened !== undefined) return opened
      throw new KeywellError('session_expired', 'This link is unknown, used, or has expired.', {
        nextStep: 'Open the request in the app again.',
      })
    },

    async find(approvalId, secret) {
      if (secret === undefined) return undefined
      const row = await findApprovalPage(parts.database.of(installation), hashSecretText(secret))
      const opened = row && (await openedBy(parts, row, { purpose: 'approval_page', text: secret }))
      return opened?.approvalId === approvalId ? opened : undefined
    },
  }
}

async function createLink(
  parts: ApprovalLinkParts,
  id: string,
  { tenantId, userId, forOthers }: Parameters<ApprovalLinks['create']>[1],
  caller: RequestActor,
): Promise<ApprovalLink> {
  const { database, approvals, audit, publicUrl } = parts
  const approval = await approvals.read(tenantId, id)
  const entry = { ...caller, tenantId, userId, action: 'approval.link' } as const
  if (approval.userId !== userId && !forOthers) {
    const denied = { ...entry, result: 'denied', reason: 'other_user' } as const
    await audit.write(database.of(tenantId), denied)
    // The same answer as for one that there is not.
    throw new KeywellError('not_found', `There is no approval ${id}.`)
  }
  const link = await database.transaction(withInstallation(tenantId), async (sql) => {
    await audit.write(sql, { ...entry, result: 'ok', reason: approval.tool })
    const opens = { tenantId, approvalId: id, personId: userId }
    return issue(parts, sql, opens, { purpose: 'approval_link', lifeMs: linkLifeMs })
  })
  return {
    url: `${publicUrl}${approvalPath}/open/${link.text}`,
    expiresAt: link.expiresAt.toISOString(),
  }
}

/** Undefined: it opens nothing. One that was planted is used up as well. */
async function openLink(
  parts: ApprovalLinkParts,
  text: string,
): Promise<{ approvalId: string; secret: string } | undefined> {
  return parts.database.transaction(installation, async (sql) => {
    const spent = await spendApprovalLink(sql, hashSecretText(text))
    if (spent === undefined) return undefined
    await parts.audit.requireWritable(sql)
    const opened = await openedBy(parts, spent, { purpose: 'approval_link', text })
    if (opened === undefined) return undefined
    const code = { purpose: 'approval_page', lifeMs: approvalPageLifeMs } as const
    const { text: secret } = await issue(parts, sql, opened, code)
    return { approvalId: opened.approvalId, secret }
  })
}

async function issue(
  { peppers, randomBytes }: ApprovalLinkParts,
  sql: Sql,
  opens: OpenedApproval,
  { purpose, lifeMs }: { purpose: ApprovalPurpose; lifeMs: number },
): Promise<{ text: string; expiresAt: Date }> {
  const text = makeSecretText(randomBytes)
  const { version: pepperVersion, macs } = peppers.present()
  const expiresAt = new Date((await readClock(sql)) + lifeMs)
  const mac = macs.ofApproval({ purpose, text, expiresAt }, opens)
  const { tenantId: ownerId, approvalId, personId } = opens
  const hash = hashSecretText(text)
  const row = { hash, purpose, ownerId, approvalId, personId, expiresAt, mac, pepperVersion }
  await insertApprovalCode(sql, row)
  return { text, expiresAt }
}

/** What a code opens, if the service wrote its row. */
async function openedBy(
  { peppers, logger }: ApprovalLinkParts,
  row: FoundApprovalCode,
  { purpose, text }: { purpose: ApprovalPurpose; text: string },
): Promise<OpenedApproval | undefined> {
  const { ownerId: tenantId, approvalId, personId, expiresAt } = row
  const opened = { tenantId, approvalId, personId }
  const code = { purpose, text, expiresAt }
  if (await isUnaltered(peppers, row, (macs) => macs.ofApproval(code, opened))) return opened
  logger.error({ alarm: 'code_forged', purpose, tenantId, approvalId }, 'one-time code forged')
  return undefined
}

/** The app's page for an approval. Undefined: it has none, or the id is none. */
export function appPageOf(approvalUrl: string | undefined, id: string): URL | undefined {
  if (approvalUrl === undefined || !approvalIdSchema.safeParse(id).success) return undefined
  const url = new URL(approvalUrl)
  url.searchParams.set('approvalId', id)
  return url
}
