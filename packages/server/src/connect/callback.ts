import { timingSafeEqual } from 'node:crypto'
import { KeywellError, returnParameters } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import { requireProvider } from '../catalogue.ts'
import type { Logger } from '../logger.ts'
import { readCallback } from '../oauth/client.ts'
import type { Database, Sql } from '../store/database.ts'
import * as store from '../store/flows.ts'
import { withInstallation } from '../store/scope.ts'
import type { SessionRow } from '../store/sessions.ts'
import type { Vault } from '../vault/vault.ts'
import { requireUnaltered } from './flow-record.ts'
import { hashSecretText, type OneTimeCodes } from './one-time-code.ts'
import { flowMismatch, hashCode, parkCode, type SealedCode, sealCode } from './park-code.ts'
import type { Sessions } from './sessions.ts'

/** How long the finish ticket is valid, in milliseconds. */
const ticketLifeMs = 60_000
/** Codes of other browsers that are remembered for a flow. With one more the flow ends. */
const maxRefusedCodes = 16

interface CallbackParts {
  database: Database
  vault: Vault
  logger: Logger
  sessions: Sessions
  codes: OneTimeCodes
  audit: Audit
}

interface CallbackRequest extends Actor {
  integrationId: string
  parameters: URLSearchParams
  /** The flow's cookie in this browser, if it has one. */
  bindingSecret: (flowId: string) => string | undefined
  /** Whether the browser says that a person came here, as opposed to a program. */
  isNavigation: boolean
}

export type Callback = (request: CallbackRequest) => Promise<{ location: URL; flowId: string }>

/**
 * Step 6: the browser comes back from the provider. Everything that can be checked is checked, then
 * the code is parked. It is not exchanged before the app has said which user finished the flow. Denials and
 * errors go back to the app the same way. When the same browser comes again, it is only redirected again,
 * and the app reads the state of the flow.
 *
 * A request without the flow's cookie is refused, and the flow continues: its own browser may still come.
 * A person who was led to another user's callback could pass its address on, so a code that a browser was
 * navigated to there is refused for good. Programs that open addresses (scanners, previews) are not
 * navigations, and change nothing.
 *
 * Returns the URL for the browser: the app's return URL, with a finish ticket.
 *
 * @throws KeywellError when the flow is unknown, so that there is no URL to return to
 */
export function createCallback(parts: CallbackParts): Callback {
  return (request) => handleCallback(parts, request)
}

async function handleCallback(
  parts: CallbackParts,
  { integrationId, parameters, bindingSecret, isNavigation, actor, requestId }: CallbackRequest,
): Promise<{ location: URL; flowId: string }> {
  const { database, codes } = parts
  const { flow, state, used } = await findFlowByState(codes, parameters.getAll('state'))
  const { tenantId, userId } = flow
  const entry = { tenantId, userId, actor, requestId, action: 'flow.callback' } as const
  const session = await requireUnalteredRows(parts, flow, entry)
  if (!isOfBrowser(flow, bindingSecret(flow.id))) {
    await refuseBrowser(parts, flow, entry, isNavigation ? parameters.get('code') : null)
    throw new KeywellError('flow_mismatch', flowMismatch.message)
  }
  if (flow.integrationId !== integrationId) {
    await refuse(parts, flow, entry, 'integration')
    throw new KeywellError('flow_mismatch', flowMismatch.message)
  }
  const answer = readCallback({ ...flow, provider: requireProvider(flow.provider), parameters })
  // Sealed before the transaction: sealing may have to read a key, and there may be only one connection.
  const sealed =
    answer.kind === 'code' && !used ? await sealCode(parts.vault, flow, answer.code) : undefined
  const ticket = await database.transaction(withInstallation(tenantId), async (sql) => {
    if (await codes.spend(sql, 'state', state)) {
      await recordAnswer(parts, sql, flow, entry, answer, sealed)
    }
    return codes.issue(sql, flow, { purpose: 'ticket', lifeMs: ticketLifeMs })
  })
  return { location: returnLocation(session.policy, flow, ticket), flowId: flow.id }
}

/** The session of the flow. If the row of either was altered, the flow ends. */
async function requireUnalteredRows(
  parts: CallbackParts,
  flow: store.FlowRow,
  entry: Entry,
): Promise<SessionRow> {
  try {
    await requireUnaltered(parts, flow)
    return await parts.sessions.read(flow.tenantId, flow.sessionId)
  } catch (error) {
    if (error instanceof KeywellError) await refuse(parts, flow, entry, 'altered')
    throw error
  }
}

async function refuse(
  { database, audit }: CallbackParts,
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

/** @param code the code that another browser was navigated to; null: none */
async function refuseBrowser(
  { database, audit }: CallbackParts,
  flow: store.FlowRow,
  entry: Entry,
  code: string | null,
): Promise<void> {
  await database.transaction(flow.tenantId, async (sql) => {
    if (code !== null) {
      const count = await store.refuseCode(sql, { ...flow, codeHash: hashCode(code) })
      if (count > maxRefusedCodes) {
        await store.endFlow(sql, { ...flow, status: 'failed', error: flowMismatch })
        await store.notifyFlow(sql, flow.id)
      }
    }
    await audit.write(sql, { ...entry, result: 'denied', reason: 'browser' })
  })
}

async function recordAnswer(
  { audit }: CallbackParts,
  sql: Sql,
  flow: store.FlowRow,
  entry: Entry,
  answer: ReturnType<typeof readCallback>,
  sealed: SealedCode | undefined,
): Promise<void> {
  const refusal = await parkCode(sql, flow, answer, sealed)
  await audit.write(sql, {
    ...entry,
    ...(refusal === undefined ? { result: 'ok' } : { result: 'denied', reason: refusal }),
  })
  await store.notifyFlow(sql, flow.id)
}

type Entry = Omit<AuditEntry, 'result' | 'reason'>

/** @throws KeywellError `flow_expired` when `state` is missing, repeated, unknown or expired */
async function findFlowByState(
  codes: OneTimeCodes,
  states: string[],
): Promise<{ flow: store.FlowRow; used: boolean; state: string }> {
  const [state] = states
  const found =
    states.length === 1 && state !== undefined && state.length <= 100
      ? await codes.find('state', state)
      : undefined
  if (found === undefined || state === undefined) {
    throw new KeywellError(
      'flow_expired',
      'This attempt is unknown: it was used already, or has expired.',
    )
  }
  return { ...found, state }
}

function isOfBrowser(flow: store.FlowRow, bindingSecret: string | undefined): boolean {
  if (bindingSecret === undefined || flow.bindingHash === null) return false
  return timingSafeEqual(hashSecretText(bindingSecret), flow.bindingHash)
}

/** The return URL was set by the app's backend; nothing that the browser sent can change it. */
function returnLocation(
  policy: { returnUrl: string; returnMode: 'query' | 'fragment' },
  flow: store.FlowRow,
  ticket: string,
): URL {
  const url = new URL(policy.returnUrl)
  const parameters = policy.returnMode === 'query' ? url.searchParams : new URLSearchParams()
  parameters.set(returnParameters.session, flow.sessionId)
  parameters.set(returnParameters.flow, flow.id)
  parameters.set(returnParameters.ticket, ticket)
  if (policy.returnMode === 'fragment') url.hash = parameters.toString()
  return url
}
