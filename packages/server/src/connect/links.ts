import { KeywellError } from '@keywell/protocol'
import type { Audit } from '../audit/audit.ts'
import type { Logger } from '../logger.ts'
import { readClock } from '../store/census.ts'
import type { Database, Sql } from '../store/database.ts'
import { type FoundLink, findLink, insertLink, spendLink } from '../store/one-time-codes.ts'
import { installation } from '../store/scope.ts'
import { findSession, type SessionRow } from '../store/sessions.ts'
import type { RandomBytes } from '../vault/bytes.ts'
import { type ConnectPeppers, isUnaltered, type OpenedSession } from './connect-macs.ts'
import { hashSecretText, makeSecretText } from './one-time-code.ts'

/**
 * Path of the page of a link, and of its form. The link's secret is the last part: not in a fragment, so that the page
 * works without a script, and not in the query, which more logs keep.
 */
export const linkPath = '/connect/link'

/** The secrets of links. Each opens one session's page, and begins one connect. */
export interface Links {
  /** Inside the caller's transaction. */
  issue(
    sql: Sql,
    session: OpenedSession,
    lifeMs: number,
  ): Promise<{ text: string; expiresAt: Date }>
  /**
   * The session of a link. Finding it changes nothing.
   *
   * @throws KeywellError `session_expired` when the link is unknown, has expired, was revoked or was planted
   */
  find(text: string): Promise<FoundSession>
  /**
   * Of any number of calls, also in parallel, one gets true.
   *
   * @throws KeywellError `unavailable` while the audit log cannot be written; the link is not used up
   */
  spend(text: string): Promise<boolean>
}

export interface FoundSession {
  session: Pick<SessionRow, 'tenantId' | 'id'>
  used: boolean
}

interface LinkParts {
  database: Database
  peppers: ConnectPeppers
  audit: Pick<Audit, 'requireWritable'>
  randomBytes: RandomBytes
  logger: Logger
}

export function createLinks(parts: LinkParts): Links {
  const { database, peppers, audit, randomBytes } = parts
  return {
    async issue(sql, session, lifeMs) {
      const text = makeSecretText(randomBytes)
      const { version: pepperVersion, macs } = peppers.present()
      const expiresAt = new Date((await readClock(sql)) + lifeMs)
      const mac = macs.ofLink({ text, expiresAt }, session)
      const { tenantId: ownerId, id: sessionId } = session
      const hash = hashSecretText(text)
      await insertLink(sql, { hash, ownerId, sessionId, expiresAt, mac, pepperVersion })
      return { text, expiresAt }
    },

    async find(text) {
      const link = await findLink(database.of(installation), hashSecretText(text))
      const session = link && (await sessionOf(parts, link, text))
      if (link !== undefined && session !== undefined) return { session, used: link.used }
      throw new KeywellError('session_expired', 'This link is unknown or has expired.', {
        nextStep: 'Ask for a new one where you got it.',
      })
    },

    spend: (text) =>
      database.transaction(installation, async (sql) => {
        const isFirst = await spendLink(sql, hashSecretText(text))
        if (isFirst) await audit.requireWritable(sql)
        return isFirst
      }),
  }
}

async function sessionOf(
  { database, peppers, logger }: LinkParts,
  link: FoundLink,
  text: string,
): Promise<OpenedSession | undefined> {
  const { ownerId: tenantId, sessionId, expiresAt } = link
  const session = await findSession(database.of(tenantId), tenantId, sessionId)
  // It was revoked, or its tenant erased.
  if (session === undefined) return undefined
  if (await isUnaltered(peppers, link, (macs) => macs.ofLink({ text, expiresAt }, session))) {
    return session
  }
  const purpose = 'link'
  logger.error({ alarm: 'code_forged', purpose, tenantId, sessionId }, 'one-time code forged')
  return undefined
}
