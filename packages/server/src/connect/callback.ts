import { timingSafeEqual } from 'node:crypto'
import { KeywellError, returnParameters } from '@keywell/protocol'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Logger } from '../logger.ts'
import { readCallback } from '../oauth/client.ts'
import { requireProvider } from '../oauth/integrations.ts'
import type { Database } from '../store/database.ts'
import * as store from '../store/flows.ts'
import { withInstallation } from '../store/scope.ts'
import type { Vault } from '../vault/vault.ts'
import { flowContext, requireUnaltered } from './flow-record.ts'
import { hashSecretText, type OneTimeCodes } from './one-time-code.ts'
import type { Actor, Sessions } from './sessions.ts'

/** How long a code waits, sealed, for the app to say who brought it; in milliseconds. */
const parkedLifeMs = 60_000
/** How long the finish ticket is good. */
const ticketLifeMs = 60_000

/**
 * Step 6: the browser comes back from the provider. Everything that can be checked is checked, then
 * the code is parked; it is not exchanged before the app has said who finished the flow. Denials and
 * errors go back to the app the same way.
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
  } & Actor,
) => Promise<{ location: URL; flowId: string }> {
  const { database, vault, sessions, codes, audit } = parts

  async function refuse(flow: store.FlowRow, entry: Entry, reason: string): Promise<void> {
    await database.transaction(flow.tenantId, async (sql) => {
      await store.endFlow(sql, { ...flow, status: 'failed', error: flowMismatch })
      await audit.write(sql, { ...entry, result: 'denied', reason })
      await store.hintFlow(sql, flow.id)
    })
  }

  return async ({ integrationId, parameters, bindingSecret, actor, requestId }) => {
    const flow = await findFlowByState(codes, parameters.getAll('state'))
    const entry = {
      tenantId: flow.tenantId,
      userId: flow.userId,
      actor,
      requestId,
      action: 'flow.callback',
    } as const

    try {
      await requireUnaltered(parts, flow)
    } catch (error) {
      if (error instanceof KeywellError) await refuse(flow, entry, 'altered')
      throw error
    }
    const mismatch = whatIsForeign(flow, integrationId, bindingSecret(flow.id))
    if (mismatch !== undefined) {
      await refuse(flow, entry, mismatch)
      throw new KeywellError('flow_mismatch', flowMismatch.message)
    }

    const answer = readCallback({ ...flow, provider: requireProvider(flow.provider), parameters })
    // Sealing may have to read a key, which a transaction on a single connection would wait for.
    const parked =
      answer.kind === 'code'
        ? await vault.seal(
            { ...flowContext(flow), field: 'parked_code' },
            new TextEncoder().encode(answer.code),
          )
        : undefined
    const ticket = await database.transaction(withInstallation(flow.tenantId), async (sql) => {
      if (parked === undefined) {
        await store.endFlow(sql, { ...flow, ...describe(answer) })
      } else {
        const codeLifeMs = requireProvider(flow.provider).oauth.codeLifetimeSeconds * 1000
        await store.parkCode(sql, {
          ...flow,
          sealedCode: parked.sealed,
          keyVersion: parked.keyVersion,
          lifeMs: Math.min(parkedLifeMs, codeLifeMs),
        })
      }
      const result = answer.kind === 'code' ? 'ok' : 'denied'
      await audit.write(sql, {
        ...entry,
        result,
        ...(result === 'ok' ? {} : { reason: answer.kind }),
      })
      await store.hintFlow(sql, flow.id)
      return codes.issue(sql, flow, { purpose: 'ticket', lifeMs: ticketLifeMs })
    })
    const session = await sessions.read(flow.tenantId, flow.sessionId)
    return { location: returnLocation(session.policy, flow, ticket), flowId: flow.id }
  }
}

type Entry = Omit<AuditEntry, 'result' | 'reason'>

const flowMismatch = {
  code: 'flow_mismatch',
  message: 'This was started in another browser, or for another integration. Nothing was stored.',
  retryable: true,
}

/** @throws KeywellError when `state` is missing, repeated, unknown, used or has run out */
async function findFlowByState(codes: OneTimeCodes, states: string[]): Promise<store.FlowRow> {
  const [state] = states
  const flow =
    states.length === 1 && state !== undefined && state.length <= 100
      ? await codes.redeem('state', state)
      : undefined
  if (flow === undefined) {
    throw new KeywellError(
      'flow_expired',
      'This sign-in attempt is not known here: it was used already, or has run out.',
    )
  }
  return flow
}

/** What does not belong to the flow; undefined when all does. */
function whatIsForeign(
  flow: store.FlowRow,
  integrationId: string,
  bindingSecret: string | undefined,
): 'integration' | 'browser' | undefined {
  if (flow.integrationId !== integrationId) return 'integration'
  if (bindingSecret === undefined || flow.bindingHash === null) return 'browser'
  const same = timingSafeEqual(hashSecretText(bindingSecret), flow.bindingHash)
  return same ? undefined : 'browser'
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
