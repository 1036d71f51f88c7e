import {
  type Connection,
  type CreateFlowAnswer,
  type createFlowSchema,
  type ErrorCode,
  type Flow,
  type FlowId,
  KeywellError,
} from '@keywell/protocol'
import type { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { requireProvider } from '../catalogue.ts'
import { viewConnection } from '../credentials/connections.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import { authorizationUrl } from '../oauth/client.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { noteRefusal } from '../policy/tenant-policies.ts'
import { readClock } from '../store/census.ts'
import { findConnection } from '../store/connections.ts'
import type { Database, Sql } from '../store/database.ts'
import * as store from '../store/flows.ts'
import { installation } from '../store/scope.ts'
import { lockLiveSession, type SessionRow } from '../store/sessions.ts'
import type { Vault } from '../vault/vault.ts'
import { flowContext, openFlowSecret, readFlow, requireFlowAllowed } from './flow-record.ts'
import {
  hashSecretText,
  makeSecretText,
  type OneTimeCodes,
  type RandomBytes,
} from './one-time-code.ts'
import { planFlow } from './plan-flow.ts'
import type { Sessions } from './sessions.ts'

/** How long one attempt may take from the click to the callback, in milliseconds. */
const flowLifeMs = 10 * 60_000
/** A start code is posted at once by the page that got it. */
const startCodeLifeMs = 2 * 60_000
const maxFlowsPerSession = 20
const maxFlowsAlive = 5

export interface Flows {
  /** Step 3. */
  create(
    session: SessionRow,
    request: z.output<typeof createFlowSchema>,
    actor: Actor,
  ): Promise<CreateFlowAnswer>
  /** Step 4: spends the start code; answers the cookie to set and where to send the browser. */
  start(options: { startCode: string; origin: string | null } & Actor): Promise<StartedFlow>
  status(session: SessionRow, flowId: string): Promise<Flow>
  /** The same for a page that watches; undefined when the flow, its session or its tenant is no more. */
  look(session: SessionRow, flowId: string): Promise<Flow | undefined>
  cancel(session: SessionRow, flowId: string, actor: Actor): Promise<Flow>
}

export interface StartedFlow {
  flowId: string
  bindingSecret: string
  cookieLifeMs: number
  location: URL
}

export function createFlows(parts: {
  database: Database
  vault: Vault
  logger: Logger
  sessions: Sessions
  codes: OneTimeCodes
  integrations: Integrations
  audit: Audit
  makeId: MakeId
  random: RandomBytes
  publicUrl: string
}): Flows {
  const { database, vault, sessions, codes, integrations, audit, random } = parts

  async function sealVerifier(flow: store.BoundFlow, verifier: string) {
    const context = { ...flowContext(flow), field: 'verifier' }
    const { sealed, keyVersion } = await vault.seal(context, new TextEncoder().encode(verifier))
    return { sealedVerifier: sealed, keyVersion }
  }

  return {
    async create(session, request, actor) {
      const { tenantId, userId } = session
      const entry = { ...actor, tenantId, userId, action: 'flow.start' } as const
      const { target, integration, scopes } = await noteRefusal(parts, entry, () =>
        planFlow(parts, session, request),
      )
      const resumeUrl = checkResumeUrl(session, request)
      const flow = {
        tenantId,
        id: parts.makeId('flow'),
        sessionId: session.id,
        userId,
        provider: target.provider.name,
        host: target.host,
        connectionName: target.connectionName,
        connectionId: target.connectionId,
        integrationOwner: integration.owner,
        integrationId: integration.id,
        clientId: integration.clientId,
        redirectUri: integrations.redirectUri(integration.id),
        scopes,
        mode: request.mode,
        resumeUrl,
        bindingHash: null,
        // Nobody watches it any more when its session is over.
        expiresAt: new Date(
          Math.min(
            (await readClock(database.of(tenantId))) + flowLifeMs,
            session.expiresAt.getTime(),
          ),
        ),
      }
      const verifier = await sealVerifier(flow, makeSecretText(random))
      await database.transaction(tenantId, async (sql) => {
        await requireRoom(sql, session)
        await store.insertFlow(sql, { ...flow, ...verifier })
      })
      const start = { purpose: 'start', lifeMs: startCodeLifeMs } as const
      return {
        flowId: flow.id,
        startCode: await codes.issue(database.of(installation), flow, start),
        startUrl: `${parts.publicUrl}/connect/start`,
        expiresAt: flow.expiresAt.toISOString(),
      }
    },

    async start({ startCode, origin, actor, requestId }) {
      const flow = await codes.redeem('start', startCode)
      if (flow === undefined) {
        throw new KeywellError('flow_expired', 'This start code was used already or has run out.')
      }
      if (flow.sealedVerifier === null) throw over()
      const sealed = { field: 'verifier', sealed: flow.sealedVerifier } as const
      const verifier = await openFlowSecret(parts, flow, sealed)
      const { tenantId } = flow
      const session = await sessions.read(tenantId, flow.sessionId)
      const entry = {
        tenantId,
        userId: flow.userId,
        actor,
        requestId,
        action: 'flow.start',
      } as const
      if (origin === null || !session.policy.origins.includes(origin)) {
        await audit.write(database.of(tenantId), { ...entry, result: 'denied', reason: 'origin' })
        throw new KeywellError(
          'origin_not_allowed',
          origin === null || origin === 'null'
            ? 'The form came without an Origin, so it cannot be told which page sent it.'
            : `The form came from ${origin}, which this connect session does not allow.`,
        )
      }
      await noteRefusal(parts, entry, () => requireFlowAllowed(database, flow))
      const bindingSecret = makeSecretText(random)
      const bound = { ...flow, bindingHash: hashSecretText(bindingSecret) }
      const resealed = await sealVerifier(bound, verifier.expose())
      if (!(await store.startFlow(database.of(tenantId), { ...bound, ...resealed }))) throw over()
      const state = await codes.issue(database.of(installation), flow, {
        purpose: 'state',
        lifeMs: flowLifeMs,
      })
      await audit.write(database.of(tenantId), { ...entry, result: 'ok' })
      await store.notifyFlow(database.of(tenantId), flow.id)
      return {
        flowId: flow.id,
        bindingSecret,
        cookieLifeMs: flowLifeMs,
        location: await authorizationUrl({
          provider: requireProvider(flow.provider),
          host: flow.host,
          clientId: flow.clientId,
          redirectUri: flow.redirectUri,
          scopes: flow.scopes,
          state,
          verifier,
        }),
      }
    },

    async status(session, flowId) {
      return viewFlow(database, await readFlowOf(database, session, flowId))
    },

    async look(session, flowId) {
      try {
        const { live } = await sessions.read(session.tenantId, session.id)
        if (!live) return undefined
        return await viewFlow(database, await readFlowOf(database, session, flowId))
      } catch (error) {
        // Gone, or a session whose row was changed, which nobody believes any more.
        if (error instanceof KeywellError && endings.includes(error.code)) return undefined
        throw error
      }
    },

    async cancel(session, flowId, actor) {
      const { tenantId, id, userId } = await readFlowOf(database, session, flowId)
      await database.transaction(tenantId, async (sql) => {
        if (!(await store.endFlow(sql, { tenantId, id, status: 'cancelled' }))) return
        await audit.write(sql, { ...actor, tenantId, userId, action: 'flow.cancel', result: 'ok' })
        await store.notifyFlow(sql, id)
      })
      return viewFlow(database, await readFlowOf(database, session, flowId))
    },
  }
}

const endings: readonly ErrorCode[] = ['not_found', 'unauthorized']

function over(): KeywellError {
  return new KeywellError('flow_expired', 'This attempt was cancelled or has run out.')
}

function checkResumeUrl(
  session: SessionRow,
  request: z.output<typeof createFlowSchema>,
): string | null {
  if (request.mode === 'popup') return null
  const url = request.resumeUrl ?? session.policy.returnUrl
  if (!session.policy.origins.includes(new URL(url).origin)) {
    throw new KeywellError(
      'origin_not_allowed',
      'resumeUrl is not on one of the origins of this connect session.',
    )
  }
  return url
}

/** Of attempts that begin at the same time each is counted by the next: the session's row is held. */
async function requireRoom(sql: Sql, { tenantId, id }: SessionRow): Promise<void> {
  if (!(await lockLiveSession(sql, tenantId, id))) {
    throw new KeywellError('session_expired', 'This connect session has run out.')
  }
  const { all, alive } = await store.countFlows(sql, tenantId, id)
  if (all >= maxFlowsPerSession || alive >= maxFlowsAlive) {
    throw new KeywellError(
      'rate_limited',
      `This connect session has begun ${all} attempts, ${alive} of them still open.`,
      { nextStep: 'Finish or cancel an open attempt, or make a new connect session.' },
    )
  }
}

async function readFlowOf(
  database: Database,
  session: SessionRow,
  flowId: string,
): Promise<store.FlowRow> {
  const flow = await readFlow(database.of(session.tenantId), session.tenantId, flowId)
  if (flow.sessionId === session.id && flow.userId === session.userId) return flow
  throw new KeywellError('not_found', `There is no flow ${flowId} in this connect session.`)
}

/** What a browser may know of a flow. */
export async function viewFlow(database: Database, flow: store.FlowRow): Promise<Flow> {
  const { status } = flow
  let connection: Connection | null = null
  if (status === 'connected' && flow.connectionId !== null) {
    const row = await findConnection(database.of(flow.tenantId), flow.tenantId, flow.connectionId)
    connection = row?.userId === flow.userId ? viewConnection(row) : null
  }
  return {
    // Written by us under this prefix; the row is the proof.
    flowId: flow.id as FlowId,
    status: status === 'exchanging' ? 'confirming' : status,
    error: flow.error as Flow['error'],
    connection,
  }
}
