import { createFlowSchema, type ErrorCode, type HostCheck, KeywellError } from '@keywell/protocol'
import { kindWords } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { invalidRequest } from '../invalid-request.ts'
import * as store from '../store/flows.ts'
import type { SessionLink, SessionRow } from '../store/sessions.ts'
import { isOfBrowser, type ReadBindingSecret } from './browser-return.ts'
import type { CheckHost } from './check-host.ts'
import type { Flows } from './flows.ts'
import {
  describeLink,
  type LinkChoice,
  type LinkView,
  type LinkViewParts,
  type MethodKind,
} from './link-view.ts'
import type { Links } from './links.ts'
import type { FlowRequest } from './plan-flow.ts'
import type { Sessions } from './sessions.ts'
import type { StartedFlow } from './start-flow.ts'

interface LinkFormParts extends LinkViewParts {
  audit: Audit
  links: Pick<Links, 'find' | 'spend'>
  sessions: Pick<Sessions, 'read'>
  flows: Pick<Flows, 'create' | 'start' | 'cancel'>
  checkHost: CheckHost
  publicUrl: string
}

interface Visit extends Actor {
  /** The secret of the link. */
  text: string
  choice: LinkChoice
  bindingSecret: ReadBindingSecret
}

interface SubmittedLink extends Visit {
  /** Of the page that the form was on, as the browser says. */
  origin: string | null
  /** Called before a host is looked at. Throws when its user has looked at too many. */
  beforeHostCheck: (user: Pick<SessionRow, 'tenantId' | 'userId'>) => void
}

/** The page of a link. */
export interface LinkForms {
  /**
   * Shows it. Nothing changes by that: programs open links, too (scanners of mail, previews of chats).
   *
   * @throws KeywellError `session_expired` when the link opens nothing any more
   */
  show(visit: Visit): Promise<LinkView>
  /**
   * Steps 3 and 4 after a link: its page is sent. The link is used up, and the flow is bound to this browser, which
   * goes on to the provider. What cannot be begun brings the page again, and uses nothing up.
   *
   * @throws KeywellError when the form is not one of this service, or the link opens nothing any more
   */
  submit(submitted: SubmittedLink): Promise<{ started: StartedFlow } | { page: LinkView }>
}

type LinkSession = SessionRow & { policy: SessionRow['policy'] & { link: SessionLink } }

export function createLinkForms(parts: LinkFormParts): LinkForms {
  return {
    show: async (visit) => {
      const { session } = await open(parts, visit)
      return describeLink(parts, session, visit.text, visit.choice)
    },
    submit: (submitted) => submitLink(parts, submitted),
  }
}

/** The session of a link. One that was used up stays open in the browser that used it, until something is connected. */
async function open(
  { database, links, sessions }: LinkFormParts,
  { text, bindingSecret }: Pick<Visit, 'text' | 'bindingSecret'>,
): Promise<{ session: LinkSession; used: boolean; earlier: store.FlowRow[] }> {
  const { session: found, used } = await links.find(text)
  const { tenantId, id } = found
  const session = await sessions.read(tenantId, id)
  const { link } = session.policy
  if (link === undefined) throw linkUsed()
  const earlier = used ? await store.listFlows(database.of(tenantId), tenantId, id) : []
  const isOver = earlier.some(({ status }) => overStatuses.includes(status))
  if (used && (isOver || !earlier.some((flow) => isOfBrowser(flow, bindingSecret))))
    throw linkUsed()
  return { session: { ...session, policy: { ...session.policy, link } }, used, earlier }
}

/** Of flows after which a link opens nothing any more. */
const overStatuses: readonly store.StoredFlowStatus[] = ['confirming', 'exchanging', 'connected']

function linkUsed(): KeywellError {
  return new KeywellError('session_expired', 'This link was used already.', {
    nextStep: 'Ask for a new one where you got it.',
  })
}

async function submitLink(
  parts: LinkFormParts,
  submitted: SubmittedLink,
): Promise<{ started: StartedFlow } | { page: LinkView }> {
  const { text, choice, actor, requestId } = submitted
  const { session, used, earlier } = await open(parts, submitted)
  await requireOwnPage(parts, session, submitted)
  const by = { actor, requestId }
  const typed = await findTypedHost(parts, session, submitted)
  if (typed instanceof KeywellError || (typed?.status !== undefined && typed.status !== 'ready')) {
    return again(parts, session, submitted, typed)
  }
  for (const flow of earlier.filter(({ status }) => ['created', 'started'].includes(status))) {
    await parts.flows.cancel(session, flow.id, by)
  }
  const created = await refusedOr(async () =>
    parts.flows.create(session, flowRequest(session, choice, typed?.host), by),
  )
  if (created instanceof KeywellError) return again(parts, session, submitted, created)
  const { flowId, startCode } = created
  if (!used && !(await parts.links.spend(text))) {
    await parts.flows.cancel(session, flowId, by)
    throw linkUsed()
  }
  const origin = new URL(parts.publicUrl).origin
  return { started: await parts.flows.start({ startCode, origin, ...by }) }
}

/** T1: the form was sent by the page of this service. */
async function requireOwnPage(
  { database, audit, publicUrl }: LinkFormParts,
  { tenantId, userId }: SessionRow,
  { origin, actor, requestId }: SubmittedLink,
): Promise<void> {
  if (origin === new URL(publicUrl).origin) return
  const entry = { actor, requestId, tenantId, userId, action: 'flow.start' } as const
  await audit.write(database.of(tenantId), { ...entry, result: 'denied', reason: 'origin' })
  throw new KeywellError(
    'origin_not_allowed',
    'The form was not sent from a page of this service.',
    {
      nextStep: 'Open the link again.',
    },
  )
}

/** What is at the address that was typed; undefined: none was. */
async function findTypedHost(
  { checkHost }: LinkFormParts,
  session: SessionRow,
  { choice, beforeHostCheck }: SubmittedLink,
): Promise<HostCheck | KeywellError | undefined> {
  const { provider = '', typedHost = '', method } = choice
  if (typedHost.trim() === '') return undefined
  return refusedOr(async () => {
    beforeHostCheck(session)
    return checkHost(session, { provider, host: typedHost, method: wordOf(method) })
  })
}

function wordOf(text: string | undefined): MethodKind {
  return Object.values(kindWords).find((word) => word === text) ?? 'oauth'
}

/** @throws KeywellError `invalid_request` */
function flowRequest(
  { policy: { link } }: LinkSession,
  { provider, host, method, scopes }: LinkChoice,
  typedHost: string | undefined,
): FlowRequest {
  const { resumeUrl } = link
  const { data, error } = createFlowSchema.safeParse({
    provider,
    host: typedHost ?? host,
    method: wordOf(method),
    scopes: scopes ?? [],
    ...(resumeUrl === null ? { mode: 'popup' } : { mode: 'redirect', resumeUrl }),
  })
  if (error !== undefined) throw invalidRequest(error)
  return data
}

/** What brings the page again, for its person to choose otherwise. */
const choosable: readonly ErrorCode[] = [
  'invalid_request',
  'unknown_provider',
  'host_not_allowed',
  'host_required',
  'method_not_offered',
  'scope_not_allowed',
  'not_allowed_for_tenant',
  'integration_missing',
  'rate_limited',
]

async function refusedOr<Result>(work: () => Promise<Result>): Promise<Result | KeywellError> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof KeywellError && choosable.includes(error.code)) return error
    throw error
  }
}

async function again(
  parts: LinkFormParts,
  session: LinkSession,
  { text, choice }: SubmittedLink,
  why: KeywellError | HostCheck,
): Promise<{ page: LinkView }> {
  const page = await describeLink(parts, session, text, { scopes: [], ...choice })
  return {
    page: why instanceof KeywellError ? { ...page, error: why } : { ...page, foundHost: why },
  }
}
