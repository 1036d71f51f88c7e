import { timingSafeEqual } from 'node:crypto'
import { KeywellError, returnParameters } from '@keywell/protocol'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Logger } from '../logger.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { Database, Sql } from '../store/database.ts'
import * as store from '../store/flows.ts'
import { withInstallation } from '../store/scope.ts'
import type { SessionMac, SessionPolicy, SessionRow } from '../store/sessions.ts'
import type { Vault } from '../vault/vault.ts'
import { requireUnaltered } from './flow-record.ts'
import { hashSecretText, type OneTimeCodes } from './one-time-code.ts'
import { flowMismatch } from './park-code.ts'
import type { Sessions } from './sessions.ts'

/*
 * What every way back from a browser has in common, be it a provider's callback or the form for a key: the flow
 * is found by its state, the browser shows the flow's cookie, and goes on to the app with a finish ticket.
 */

/** How long a flow waits for the app to say which user finished it, in milliseconds. */
const returnLifeMs = 60_000
/** The same after a link: its user may have to sign in first, or to take a code elsewhere. */
const returnLifeOfLinkMs = 5 * 60_000

export interface ReturnParts {
  catalogue: Catalogue
  database: Database
  vault: Vault
  logger: Logger
  sessions: Sessions
  integrations: Pick<Integrations, 'variables'>
  codes: OneTimeCodes
  audit: Audit
  publicUrl: string
}

/** The cookie of a flow in this browser, if it has one. */
export type ReadBindingSecret = (flowId: string) => string | undefined

/** An audit entry without its outcome. */
export type Entry = Omit<AuditEntry, 'result' | 'reason'>

/** @throws KeywellError `flow_expired` when `state` is missing, repeated, unknown or expired */
export async function findFlowByState(
  codes: OneTimeCodes,
  states: readonly unknown[],
): Promise<{ flow: store.FlowRow; used: boolean; state: string }> {
  const [state] = states
  const isOne = states.length === 1 && typeof state === 'string' && state.length <= 100
  const found = isOne ? await codes.find('state', state) : undefined
  if (!isOne || found === undefined) {
    throw new KeywellError(
      'flow_expired',
      'This attempt is unknown: it was used already, or has expired.',
    )
  }
  return { ...found, state }
}

/** The session of the flow. If the row of either was altered, the flow ends. */
export async function requireUnalteredRows(
  parts: ReturnParts,
  flow: store.FlowRow,
  entry: Entry,
): Promise<SessionRow & SessionMac> {
  try {
    await requireUnaltered(parts, flow)
    return await parts.sessions.read(flow.tenantId, flow.sessionId)
  } catch (error) {
    if (!(error instanceof KeywellError)) throw error
    const isGone = error.code === 'not_found'
    await refuseFlow(parts, flow, entry, isGone ? 'revoked' : 'altered')
    throw isGone ? new KeywellError('session_expired', 'This connect session was ended.') : error
  }
}

/** Ends a flow that is not what its browser says. */
export async function refuseFlow(
  { database, audit }: Pick<ReturnParts, 'database' | 'audit'>,
  flow: store.FlowRow,
  entry: Entry,
  reason: string,
): Promise<void> {
  await database.transaction(flow.tenantId, async (sql) => {
    await store.endFlow(sql, { ...flow, status: 'failed', error: flowMismatch })
    await audit.write(sql, { ...entry, result: 'denied', reason })
    await store.notifyFlow(sql, flow.id)
  })
}

export function isOfBrowser(flow: store.FlowRow, bindingSecret: ReadBindingSecret): boolean {
  const secret = bindingSecret(flow.id)
  if (secret === undefined || flow.bindingHash === null) return false
  return timingSafeEqual(hashSecretText(secret), flow.bindingHash)
}

/** How long ticket, parked code and short code are valid, in milliseconds. */
export function waitForAppMs({ link }: Pick<SessionPolicy, 'link'>): number {
  return link === undefined ? returnLifeMs : returnLifeOfLinkMs
}

/**
 * Spends the state, and returns where the browser goes: to the app, with a finish ticket; or, after a link that ends
 * with a code, to the page that shows it. A browser that comes again is only sent there again, and the app reads the
 * state of the flow.
 *
 * @param first what happens at the first use of the state, in the same transaction
 */
export async function sendBack(
  { database, codes, publicUrl }: Pick<ReturnParts, 'database' | 'codes' | 'publicUrl'>,
  { flow, session, state }: { flow: store.FlowRow; session: SessionRow; state: string },
  first: (sql: Sql) => Promise<void>,
): Promise<URL> {
  const { policy } = session
  return database.transaction(withInstallation(flow.tenantId), async (sql) => {
    if (await codes.spend(sql, 'state', state)) await first(sql)
    if (policy.returnUrl === null) return donePage(publicUrl, state)
    const lifeMs = waitForAppMs(policy)
    const ticket = await codes.issue(sql, flow, { purpose: 'ticket', lifeMs })
    return returnLocation({ ...policy, returnUrl: policy.returnUrl }, flow, ticket)
  })
}

/** Path of the page that shows a short code. */
export const donePath = '/connect/done'

/** The flow's state names it, as in a callback. */
function donePage(publicUrl: string, state: string): URL {
  const url = new URL(`${publicUrl}${donePath}`)
  url.searchParams.set('state', state)
  return url
}

/** The return URL was set by the app's backend; nothing that the browser sent can change it. */
function returnLocation(
  { returnUrl, returnMode }: Pick<SessionPolicy, 'returnMode'> & { returnUrl: string },
  flow: store.FlowRow,
  ticket: string,
): URL {
  const url = new URL(returnUrl)
  const parameters = returnMode === 'query' ? url.searchParams : new URLSearchParams()
  parameters.set(returnParameters.session, flow.sessionId)
  parameters.set(returnParameters.flow, flow.id)
  parameters.set(returnParameters.ticket, ticket)
  if (returnMode === 'fragment') url.hash = parameters.toString()
  return url
}
