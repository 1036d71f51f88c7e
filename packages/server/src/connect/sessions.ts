import { type ConnectOptions, KeywellError, type SessionAnswer } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import { type ConnectTokens, sessionLifeMs } from '../auth/connect-token.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { noteRefusal } from '../policy/tenant-policies.ts'
import { readClock } from '../store/census.ts'
import type { Database } from '../store/database.ts'
import { findSession, insertSession, type SessionMac, type SessionRow } from '../store/sessions.ts'
import { foreignOrigin } from './app-origins.ts'
import { type ConnectPeppers, isUnaltered } from './connect-macs.ts'
import { readConnectOptions } from './session-options.ts'
import {
  checkRequest,
  requireRequestAllowed,
  type SessionRequest,
  toSessionPolicy,
} from './session-request.ts'

/** Characters of a refused origin that the audit log keeps: the longest name of DNS, and a port. */
const maxOriginInAudit = 270

export interface Sessions {
  /** Step 1: the app's backend says everything that the browser may do. */
  create(request: SessionRequest, maker: SessionMaker): Promise<SessionAnswer>
  /** The live session of a connect token. */
  open(connectToken: string): Promise<SessionRow>
  /** A session by id, live or not. @throws KeywellError `not_found` */
  read(tenantId: string, id: string): Promise<SessionRow & { live: boolean }>
  /** What a session may connect, for a page that shows it. */
  options(
    session: SessionRow,
    include: { readonly withTools: boolean; readonly host: string | undefined },
  ): Promise<ConnectOptions>
}

/** The caller, and the origins that its API key may name; null: all. */
type SessionMaker = Actor & { origins: readonly string[] | null }

interface SessionParts {
  database: Database
  logger: Logger
  peppers: ConnectPeppers
  tokens: ConnectTokens
  integrations: Integrations
  audit: Audit
  makeId: MakeId
  publicUrl: string
  /** The origins that sessions may name; null: all. */
  appOrigins: readonly string[] | null
}

export function createSessions(parts: SessionParts): Sessions {
  const lookUp = createLookUp(parts.database)
  return {
    create: (request, maker) => createSession(parts, request, maker),
    open: (connectToken) => openSession(parts, lookUp, connectToken),
    read: (tenantId, id) => readSession(parts, tenantId, id),
    options: (session, include) => readConnectOptions(parts, session, include),
  }
}

async function createSession(
  parts: SessionParts,
  request: SessionRequest,
  { actor, requestId, origins }: SessionMaker,
): Promise<SessionAnswer> {
  const { database, peppers, tokens, audit } = parts
  const { tenantId, userId } = request
  const entry = { actor, requestId, tenantId, userId, action: 'session.create' } as const
  await checkRequest(database, request)
  await requireOwnOrigins(parts, request, origins, entry)
  await noteRefusal(parts, entry, () => requireRequestAllowed(database, request))
  const id = parts.makeId('session')
  const policy = toSessionPolicy(request)
  const expiresAt = new Date((await readClock(database.of(tenantId))) + sessionLifeMs)
  const row = { tenantId, id, userId, policy, expiresAt }
  const { version: pepperVersion, macs } = peppers.present()
  await database.transaction(tenantId, async (sql) => {
    await audit.write(sql, { ...entry, result: 'ok' })
    await insertSession(sql, { ...row, mac: macs.ofSession(row), pepperVersion })
  })
  return {
    sessionId: id,
    connectToken: await tokens.sign({ id, tenantId, expiresAt }),
    serviceUrl: parts.publicUrl,
    expiresAt: expiresAt.toISOString(),
  }
}

/** @throws KeywellError `origin_not_allowed`, after an audit entry */
async function requireOwnOrigins(
  { database, audit, appOrigins }: SessionParts,
  request: SessionRequest,
  apiKey: readonly string[] | null,
  entry: Omit<AuditEntry, 'result'>,
): Promise<void> {
  const foreign = foreignOrigin(request, { installation: appOrigins, apiKey })
  if (foreign === undefined) return
  const reason = `origin_not_allowed: ${foreign.origin.slice(0, maxOriginInAudit)}`
  await audit.write(database.of(request.tenantId), { ...entry, result: 'denied', reason })
  throw foreign.refusal
}

async function openSession(
  parts: SessionParts,
  lookUp: LookUp,
  connectToken: string,
): Promise<SessionRow> {
  const { sessionId, tenantId } = await parts.tokens.verify(connectToken)
  const session = await lookUp(tenantId, sessionId)
  if (session === undefined || !session.live) {
    throw new KeywellError('session_expired', 'This connect session has expired.')
  }
  await requireUnaltered(parts, session)
  return session
}

async function readSession(
  parts: SessionParts,
  tenantId: string,
  id: string,
): Promise<SessionRow & { live: boolean }> {
  const session = await findSession(parts.database.of(tenantId), tenantId, id)
  if (session === undefined) {
    throw new KeywellError('not_found', `There is no connect session ${id}.`)
  }
  await requireUnaltered(parts, session)
  return session
}

/**
 * The row is as the service wrote it for the app's backend.
 *
 * @throws KeywellError `unauthorized` when the row was altered, after an alarm
 */
async function requireUnaltered(
  { peppers, logger }: SessionParts,
  row: SessionRow & SessionMac,
): Promise<void> {
  if (await isUnaltered(peppers, row, (macs) => macs.ofSession(row))) return
  const { tenantId, id: sessionId } = row
  logger.error({ alarm: 'session_altered', tenantId, sessionId }, 'connect session altered')
  throw new KeywellError('unauthorized', 'The stored connect session was altered.', {
    nextStep: "Get a new connect session from the app's backend.",
  })
}

type LookUp = (tenantId: string, id: string) => ReturnType<typeof findSession>

/** Requests that look up the same session at the same time share one query: one token can't flood the database. */
function createLookUp(database: Database): LookUp {
  const pending = new Map<string, ReturnType<typeof findSession>>()
  return (tenantId, id) => {
    const key = JSON.stringify([tenantId, id])
    const shared = pending.get(key)
    if (shared !== undefined) return shared
    const found = findSession(database.of(tenantId), tenantId, id).finally(() =>
      pending.delete(key),
    )
    pending.set(key, found)
    return found
  }
}
