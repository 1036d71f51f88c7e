import {
  type ConnectOptions,
  KeywellError,
  type LinkAnswer,
  type RevokedSession,
  type SessionAnswer,
  type SessionId,
} from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import { type ConnectTokens, sessionLifeMs } from '../auth/connect-token.ts'
import type { Catalogue } from '../catalogue.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { noteRefusal } from '../policy/tenant-policies.ts'
import { readClock } from '../store/census.ts'
import type { Database, Sql } from '../store/database.ts'
import { endFlowsOf, notifyFlow } from '../store/flows.ts'
import { withInstallation } from '../store/scope.ts'
import {
  deleteSession,
  findSession,
  insertSession,
  type SessionMac,
  type SessionRow,
} from '../store/sessions.ts'
import { foreignOrigin } from './app-origins.ts'
import { type ConnectPeppers, isUnaltered } from './connect-macs.ts'
import { deviceFlowLifeMs, flowLifeMs } from './create-flow.ts'
import { type Links, linkPath } from './links.ts'
import { readConnectOptions } from './session-options.ts'
import {
  checkRequest,
  type LinkRequest,
  requireRequestAllowed,
  type SessionRequest,
  sessionOfLink,
  toSessionPolicy,
} from './session-request.ts'
import { withToolScopes } from './tool-scopes.ts'

/** Characters of a refused origin that the audit log keeps: the longest name of DNS, and a port. */
const maxOriginInAudit = 270

export interface Sessions {
  /** Step 1: the app's backend says everything that the browser may do. */
  create(request: SessionRequest, maker: SessionMaker): Promise<SessionAnswer>
  /** The same for a session of one flow without a browser: it has neither connect token nor page. */
  createForDevice(request: SessionRequest, maker: SessionMaker): Promise<SessionRow>
  /** The same for a session that begins with a link. It has no connect token: its pages are the service's own. */
  createLink(request: LinkRequest, maker: SessionMaker): Promise<LinkAnswer>
  /**
   * Ends a session, its link and the attempts that are under way.
   *
   * @throws KeywellError `not_found`, also when it is for other providers than `providers`
   */
  revoke(request: RevokeRequest, by: Actor): Promise<RevokedSession>
  /** The live session of a connect token. */
  open(connectToken: string): Promise<SessionRow>
  /** A session by id, live or not. @throws KeywellError `not_found` */
  read(tenantId: string, id: string): Promise<ReadSession>
  /** What a session may connect, for a page that shows it. */
  options(
    session: SessionRow,
    include: { readonly withTools: boolean; readonly host: string | undefined },
  ): Promise<ConnectOptions>
}

/** A session, and whether its time is not over. */
export type ReadSession = SessionRow & SessionMac & { live: boolean }

interface RevokeRequest {
  tenantId: string
  sessionId: SessionId
  /** That the caller may deal with; undefined: all. */
  providers: readonly string[] | undefined
}

/** The caller, and the origins that its API key may name; null: all. */
export type SessionMaker = Actor & { origins: readonly string[] | null }

interface SessionParts {
  catalogue: Catalogue
  database: Database
  logger: Logger
  peppers: ConnectPeppers
  tokens: ConnectTokens
  integrations: Integrations
  links: Pick<Links, 'issue'>
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
    createForDevice: (request, maker) =>
      storeSession(parts, request, maker, { action: 'device.start', lifeMs: deviceFlowLifeMs }),
    createLink: (request, maker) => createLink(parts, request, maker),
    revoke: (request, by) => revokeSession(parts, request, by),
    open: (connectToken) => openSession(parts, lookUp, connectToken),
    read: (tenantId, id) => readSession(parts, tenantId, id),
    options: (session, include) => readConnectOptions(parts, session, include),
  }
}

async function createSession(
  parts: SessionParts,
  request: SessionRequest,
  maker: SessionMaker,
): Promise<SessionAnswer> {
  const { tokens, publicUrl } = parts
  const row = await storeSession(parts, request, maker, {
    action: 'session.create',
    lifeMs: sessionLifeMs,
  })
  return {
    sessionId: row.id,
    connectToken: await tokens.sign(row),
    serviceUrl: publicUrl,
    expiresAt: row.expiresAt.toISOString(),
  }
}

async function createLink(
  parts: SessionParts,
  request: LinkRequest,
  maker: SessionMaker,
): Promise<LinkAnswer> {
  const { links, publicUrl } = parts
  const lifeMs = request.expiresInSeconds * 1000
  let link: { text: string; expiresAt: Date } | undefined
  const { id } = await storeSession(parts, sessionOfLink(request), maker, {
    action: 'link.create',
    // One that is opened at the last moment can still be used.
    lifeMs: lifeMs + flowLifeMs,
    also: async (sql, row) => {
      link = await links.issue(sql, row, lifeMs)
    },
  })
  if (link === undefined) throw new Error('invariant: a link was issued')
  return {
    sessionId: id,
    url: `${publicUrl}${linkPath}/${link.text}`,
    expiresAt: link.expiresAt.toISOString(),
  }
}

type NewSession = SessionRow & Pick<RequestIds, 'id' | 'tenantId'>
type RequestIds = { id: SessionId; tenantId: SessionRequest['tenantId'] }

/** @param options what else happens in the transaction, which sees the rows of the installation, too */
async function storeSession(
  parts: SessionParts,
  requested: SessionRequest,
  { actor, requestId, origins }: SessionMaker,
  options: {
    action: 'session.create' | 'link.create' | 'device.start'
    lifeMs: number
    also?: (sql: Sql, row: NewSession) => Promise<void>
  },
): Promise<NewSession> {
  const { database, peppers, audit } = parts
  const request = withToolScopes(parts.catalogue, requested)
  const { tenantId, userId } = request
  const entry = { actor, requestId, tenantId, userId, action: options.action }
  await checkRequest(parts, request)
  await requireOwnOrigins(parts, request, origins, entry)
  await noteRefusal(parts, entry, () => requireRequestAllowed(parts, request))
  const id = parts.makeId('session')
  const policy = toSessionPolicy(request)
  const expiresAt = new Date((await readClock(database.of(tenantId))) + options.lifeMs)
  const row = { tenantId, id, userId, policy, expiresAt }
  const { version: pepperVersion, macs } = peppers.present()
  await database.transaction(withInstallation(tenantId), async (sql) => {
    await audit.write(sql, { ...entry, result: 'ok' })
    await insertSession(sql, { ...row, mac: macs.ofSession(row), pepperVersion })
    await options.also?.(sql, row)
  })
  return row
}

async function revokeSession(
  parts: SessionParts,
  { tenantId, sessionId, providers }: RevokeRequest,
  by: Actor,
): Promise<RevokedSession> {
  const { database, audit } = parts
  const { userId, policy } = await readSession(parts, tenantId, sessionId)
  const isForeign = (name: string) => providers?.includes(name) === false
  if (providers !== undefined && (policy.providers ?? ['']).some(isForeign))
    throw noSession(sessionId)
  const entry = { ...by, tenantId, userId, action: 'session.revoke', result: 'ok' } as const
  await database.transaction(tenantId, async (sql) => {
    // Without its row, neither its link nor its connect token opens anything.
    if (!(await deleteSession(sql, tenantId, sessionId))) throw noSession(sessionId)
    const flows = await endFlowsOf(sql, tenantId, sessionId)
    await audit.write(sql, entry)
    for (const flowId of flows) await notifyFlow(sql, flowId)
  })
  return { sessionId, revoked: true }
}

function noSession(id: string): KeywellError {
  return new KeywellError('not_found', `There is no connect session ${id}.`)
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
): Promise<ReadSession> {
  const session = await findSession(parts.database.of(tenantId), tenantId, id)
  if (session === undefined) throw noSession(id)
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
