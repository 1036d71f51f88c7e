import { type CreateFlowAnswer, type FlowId, KeywellError } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { Suspension } from '../oauth/suspension.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { noteRefusal } from '../policy/tenant-policies.ts'
import { readClock } from '../store/census.ts'
import type { Database, Sql } from '../store/database.ts'
import * as store from '../store/flows.ts'
import { noIntegration } from '../store/integrations.ts'
import { installation } from '../store/scope.ts'
import { lockLiveSession, type SessionRow } from '../store/sessions.ts'
import type { RandomBytes } from '../vault/bytes.ts'
import type { Vault } from '../vault/vault.ts'
import { sealVerifier } from './flow-record.ts'
import { makeSecretText, type OneTimeCodes } from './one-time-code.ts'
import { type FlowPlan, type FlowRequest, planFlow } from './plan-flow.ts'
import type { Sessions } from './sessions.ts'

export interface FlowParts {
  catalogue: Catalogue
  database: Database
  vault: Vault
  logger: Logger
  sessions: Sessions
  codes: OneTimeCodes
  integrations: Integrations
  outbound: Outbound
  suspension: Suspension
  audit: Audit
  makeId: MakeId
  randomBytes: RandomBytes
  publicUrl: string
}

/** How long one attempt may take from the click to the callback, in milliseconds. */
export const flowLifeMs: number = 10 * 60_000
/** The same of a code that is asked for without a browser: as long as any is read of a provider, and to confirm. */
export const deviceFlowLifeMs: number = 20 * 60_000
/** A start code is posted at once by the page that got it. */
const startCodeLifeMs = 2 * 60_000
const maxFlowsPerSession = 20
const maxOpenFlows = 5

export async function createFlow(
  parts: FlowParts,
  session: SessionRow,
  request: FlowRequest,
  actor: Actor,
): Promise<CreateFlowAnswer> {
  const { database, codes, publicUrl } = parts
  const flow = await openFlow(parts, session, request, actor)
  const start = { purpose: 'start', lifeMs: startCodeLifeMs } as const
  return {
    // It was made with this prefix.
    flowId: flow.id as FlowId,
    startCode: await codes.issue(database.of(installation), flow, start),
    startUrl: `${publicUrl}/connect/start`,
    expiresAt: flow.expiresAt.toISOString(),
  }
}

/** A new flow of the session, which nobody has started. */
export async function openFlow(
  parts: FlowParts,
  session: SessionRow,
  request: FlowRequest,
  actor: Actor,
): Promise<store.FlowRow> {
  const { database, vault } = parts
  const { tenantId, userId } = session
  const entry = { ...actor, tenantId, userId, action: 'flow.start' } as const
  const plan = await noteRefusal(parts, entry, () => planFlow(parts, session, request))
  const flow = await newFlow(parts, session, request, plan)
  const verifier = await sealVerifier(vault, flow, makeSecretText(parts.randomBytes))
  await database.transaction(tenantId, async (sql) => {
    await requireCapacity(sql, session)
    await store.insertFlow(sql, { ...flow, ...verifier })
  })
  return {
    ...flow,
    sealedVerifier: verifier.sealedVerifier,
    sealedCode: null,
    status: 'created',
    error: null,
    live: true,
  }
}

async function newFlow(
  { database, integrations, makeId }: FlowParts,
  session: SessionRow,
  request: FlowRequest,
  { target, method, integration, scopes }: FlowPlan,
) {
  const { tenantId, userId } = session
  const resumeUrl = chooseResumeUrl(session, request)
  const id = makeId('flow')
  const now = await readClock(database.of(tenantId))
  return {
    tenantId,
    id,
    sessionId: session.id,
    userId,
    provider: target.provider.name,
    host: target.host,
    connectionName: target.connectionName,
    connectionId: target.connectionId,
    integrationOwner: integration?.owner ?? noIntegration,
    integrationId: integration?.id ?? noIntegration,
    clientId: integration?.clientId ?? '',
    redirectUri: integration === null ? '' : integrations.redirectUri(integration.id),
    scopes,
    method: method.id,
    mode: request.mode,
    resumeUrl,
    bindingHash: null,
    // After the end of the session no page can watch the flow.
    expiresAt: new Date(
      Math.min(
        now + (request.mode === 'device' ? deviceFlowLifeMs : flowLifeMs),
        session.expiresAt.getTime(),
      ),
    ),
  }
}

/** Where the browser goes after a redirect flow; null for a popup. */
function chooseResumeUrl({ policy }: SessionRow, request: FlowRequest): string | null {
  if (request.mode !== 'redirect') return null
  const url = request.resumeUrl ?? policy.returnUrl
  if (url !== null && policy.origins.includes(new URL(url).origin)) return url
  throw new KeywellError(
    'origin_not_allowed',
    'resumeUrl is not on one of the origins of this connect session.',
  )
}

/** Locks the row of the session, so that flows that begin at the same time count each other. */
async function requireCapacity(sql: Sql, { tenantId, id }: SessionRow): Promise<void> {
  if (!(await lockLiveSession(sql, tenantId, id))) {
    throw new KeywellError('session_expired', 'This connect session has expired.')
  }
  const { all, alive } = await store.countFlows(sql, tenantId, id)
  if (all < maxFlowsPerSession && alive < maxOpenFlows) return
  throw new KeywellError(
    'rate_limited',
    `This connect session has begun ${all} attempts, ${alive} of them still open.`,
    { nextStep: 'Finish or cancel an open attempt, or make a new connect session.' },
  )
}
