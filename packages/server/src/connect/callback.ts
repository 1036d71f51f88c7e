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
import type { Vault } from '../vault/vault.ts'
import { flowContext, requireUnaltered } from './flow-record.ts'
import { hashSecretText, type OneTimeCodes } from './one-time-code.ts'
import type { Sessions } from './sessions.ts'

/** How long a code waits, sealed, for the app to say who brought it; in milliseconds. */
const parkedLifeMs = 60_000
/** How long the finish ticket is good. */
const ticketLifeMs = 60_000
/** Codes of other browsers that are remembered; with one more the flow ends. */
const maxRefusedCodes = 16

/**
 * Step 6: the browser comes back from the provider. Everything that can be checked is checked, then
 * the code is parked; it is not exchanged before the app has said who finished the flow. Denials and
 * errors go back to the app the same way. Where the same browser comes again, nothing happens but that
 * it is sent on again: the app then says how the flow stands.
 *
 * What comes without the flow's cookie is refused, and the flow goes on: its own browser may still come.
 * A person who was led to another user's callback could hand its address on, so a code that a browser was
 * navigated to there is refused for good. Programs that look at addresses (scanners, previews) are not
 * navigations, and change nothing.
 *
 * @param bindingSecret answers the flow's cookie in this browser, if it has one
 * @returns where the browser goes now: the app's return URL, with a finish ticket
 * @throws KeywellError when it cannot be told whose flow this is, so that there is nowhere to go
 */
export function createCallback(parts: {
  database: Database
  vault: Vault
  logger: Logger
  sessions: Sessions
  codes: OneTimeCodes
  audit: Audit
}): (
  request: {
    integrationId: string
    parameters: URLSearchParams
    bindingSecret: (flowId: string) => string | undefined
    /** Whether a browser says that a person came here, as opposed to a program. */
    isNavigation: boolean
  } & Actor,
) => Promise<{ location: URL; flowId: string }> {
  const { database, vault, sessions, codes, audit } = parts

  /** Neither the flow nor its session was changed; answers the session. */
  async function proveRows(flow: store.FlowRow) {
    await requireUnaltered(parts, flow)
    return sessions.read(flow.tenantId, flow.sessionId)
  }

  async function refuse(flow: store.FlowRow, entry: Entry, reason: string): Promise<void> {
    await database.transaction(flow.tenantId, async (sql) => {
      await store.endFlow(sql, { ...flow, status: 'failed', error: flowMismatch })
      await audit.write(sql, { ...entry, result: 'denied', reason })
      await store.notifyFlow(sql, flow.id)
    })
  }

  async function refuseElsewhere(flow: store.FlowRow, entry: Entry, code: string | null) {
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

  return async ({ integrationId, parameters, bindingSecret, isNavigation, actor, requestId }) => {
    const { flow, state, used } = await findFlowByState(codes, parameters.getAll('state'))
    const entry = {
      tenantId: flow.tenantId,
      userId: flow.userId,
      actor,
      requestId,
      action: 'flow.callback',
    } as const

    const session = await proveRows(flow).catch(async (error: unknown) => {
      if (error instanceof KeywellError) await refuse(flow, entry, 'altered')
      throw error
    })
    if (!isOfBrowser(flow, bindingSecret(flow.id))) {
      await refuseElsewhere(flow, entry, isNavigation ? parameters.get('code') : null)
      throw new KeywellError('flow_mismatch', flowMismatch.message)
    }
    if (flow.integrationId !== integrationId) {
      await refuse(flow, entry, 'integration')
      throw new KeywellError('flow_mismatch', flowMismatch.message)
    }

    const answer = readCallback({ ...flow, provider: requireProvider(flow.provider), parameters })
    // Sealing may have to read a key, which a transaction on a single connection would wait for.
    const parked =
      answer.kind === 'code' && !used
        ? await vault.seal(
            { ...flowContext(flow), field: 'parked_code' },
            new TextEncoder().encode(answer.code),
          )
        : undefined
    const ticket = await database.transaction(withInstallation(flow.tenantId), async (sql) => {
      if (await codes.spend(sql, 'state', state)) {
        const refusal = await take(sql, flow, answer, parked)
        await audit.write(sql, {
          ...entry,
          ...(refusal === undefined ? { result: 'ok' } : { result: 'denied', reason: refusal }),
        })
        await store.notifyFlow(sql, flow.id)
      }
      return codes.issue(sql, flow, { purpose: 'ticket', lifeMs: ticketLifeMs })
    })
    return { location: returnLocation(session.policy, flow, ticket), flowId: flow.id }
  }
}

/** Parks the code, or ends the flow; answers in a word why it ended. */
async function take(
  sql: Sql,
  flow: store.FlowRow,
  answer: ReturnType<typeof readCallback>,
  parked: { sealed: Uint8Array; keyVersion: number } | undefined,
): Promise<string | undefined> {
  if (answer.kind !== 'code' || parked === undefined) {
    await store.endFlow(sql, { ...flow, ...describe(answer) })
    return answer.kind
  }
  const codeLifeMs = requireProvider(flow.provider).oauth.codeLifetimeSeconds * 1000
  const isParked = await store.parkCode(sql, {
    ...flow,
    sealedCode: parked.sealed,
    keyVersion: parked.keyVersion,
    lifeMs: Math.min(parkedLifeMs, codeLifeMs),
    codeHash: hashCode(answer.code),
  })
  if (isParked) return undefined
  // It ended before, which stays so; or the code was seen elsewhere.
  const isEnded = await store.endFlow(sql, { ...flow, status: 'failed', error: flowMismatch })
  return isEnded ? 'code_seen_elsewhere' : 'ended'
}

function hashCode(code: string): string {
  return Buffer.from(hashSecretText(code)).toString('base64url')
}

type Entry = Omit<AuditEntry, 'result' | 'reason'>

const flowMismatch = {
  code: 'flow_mismatch',
  message: 'This was started in another browser, or for another integration. Here it does nothing.',
  retryable: true,
}

/** @throws KeywellError when `state` is missing, repeated, unknown or has run out */
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
      'This sign-in attempt is not known here: it was used already, or has run out.',
    )
  }
  return { ...found, state }
}

function isOfBrowser(flow: store.FlowRow, bindingSecret: string | undefined): boolean {
  if (bindingSecret === undefined || flow.bindingHash === null) return false
  return timingSafeEqual(hashSecretText(bindingSecret), flow.bindingHash)
}

function describe(answer: ReturnType<typeof readCallback>): {
  status: 'denied' | 'failed'
  error: store.FlowError
} {
  if (answer.kind === 'denied') {
    return {
      status: 'denied',
      error: {
        code: 'access_denied',
        message: 'Access was denied at the provider.',
        retryable: true,
      },
    }
  }
  const said = answer.kind === 'error' ? ` (${answer.error})` : ''
  return {
    status: 'failed',
    error: {
      code: 'provider_error',
      message: `The provider answered with something that cannot be used${said}.`,
      retryable: true,
    },
  }
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
