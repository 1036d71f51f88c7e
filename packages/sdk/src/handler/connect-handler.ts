import {
  type ConfirmAnswer,
  type CreateSession,
  connectionIdSchema,
  createSessionSchema,
  type FlowStatus,
  flowIdSchema,
  KeywellError,
  ownerSchema,
  returnParameters,
} from '@keywell/protocol'
import type { Connect } from '../connect.ts'
import type { Connections } from '../connections.ts'
import { parseInput } from '../service.ts'
import { finishPage } from './finish-page.ts'
import { checkSameOrigin, isPrefetch, problemResponse, readJson } from './request.ts'
import { type Route, routeOf } from './routes.ts'

/**
 * Who is signed in at the app, by the app's own session, and what they may connect. Nothing here may
 * come from the request's parameters or body.
 */
export interface SignedIn {
  readonly tenantId: string
  readonly userId: string
  /** Providers that may be connected; all of the catalogue unless told. */
  readonly providers?: readonly string[] | undefined
  /** Scopes by provider: `required`, `optional`, `forbidden`. */
  readonly scopes?: CreateSession['scopes']
  /** Hosts that may be connected; every host that has an integration unless told. */
  readonly hosts?: readonly string[] | undefined
  /** Mending may replace the account that was connected. */
  readonly allowAccountChange?: boolean | undefined
  /** Mount point as browsers see it, behind a proxy that rewrites paths; the request's unless told. */
  readonly basePath?: string | undefined
  /** Origin as browsers see it, behind a proxy; the request's unless told. */
  readonly origin?: string | undefined
  /**
   * Page of the app where the browser comes back with its ticket, as a path or URL; the handler's own
   * `finish` unless told. For apps whose session is no cookie, together with `returnMode: 'fragment'`.
   */
  readonly returnTo?: string | undefined
}

export interface ConnectHandlerParts {
  readonly connect: Connect
  readonly connections: Connections
}

/**
 * The routes that a front end needs, for one signed-in user, below wherever it is mounted:
 *
 *     POST   session             begins; the body may name `connectionId` and `returnMode`
 *     GET    finish              the popup comes back here with its ticket
 *     POST   finish              the same for single-page apps, as JSON `{ session, flow, ticket }`
 *     GET    connections         what this user has connected
 *     DELETE connections/:id     disconnects
 *
 * Answers hold no credential. Failures are `application/problem+json`.
 * Throws `TypeError` when `who` does not name a tenant and a user.
 */
export async function handleConnect(
  parts: ConnectHandlerParts,
  request: Request,
  who: SignedIn,
): Promise<Response> {
  checkSignedIn(who)
  const url = new URL(request.url)
  const visit: Visit = { parts, request, who, url, origin: originOf(who, url) }
  // What looks ahead, or only at the head, must not spend a ticket.
  if (request.method === 'HEAD') return looked(200)
  if (isPrefetch(request)) return looked(503)
  try {
    return await answer(visit, routeOf(request.method, url.pathname))
  } catch (error) {
    if (error instanceof KeywellError) return problemResponse(error)
    throw error
  }
}

interface Visit {
  readonly parts: ConnectHandlerParts
  readonly request: Request
  readonly who: SignedIn
  readonly url: URL
  /** Origin of the app's pages. */
  readonly origin: string
}

function answer(visit: Visit, route: Route): Promise<Response> {
  if (route.changesState) checkSameOrigin(visit.request, visit.origin)
  switch (route.name) {
    case 'session':
      return createSession(visit, route.mountPath)
    case 'finish-page':
      return finishInPage(visit)
    case 'finish':
      return finishInApp(visit)
    case 'connections':
      return listConnections(visit)
    case 'disconnect':
      return disconnect(visit, route.connectionId)
    default:
      return route satisfies never
  }
}

async function createSession({ parts, request, who, origin }: Visit, mountPath: string) {
  const body = await readJson(request)
  const finishUrl = `${origin}${(who.basePath ?? mountPath).replace(/\/$/, '')}/finish`
  if (body.returnMode === 'fragment' && who.returnTo === undefined) {
    throw new KeywellError('invalid_request', 'returnMode "fragment" needs a page of the app.', {
      nextStep: 'Pass `returnTo` to connectHandler: the page that picks up the ticket.',
    })
  }
  const session = parseInput(
    createSessionSchema,
    {
      tenantId: who.tenantId,
      userId: who.userId,
      providers: who.providers,
      scopes: who.scopes,
      hosts: who.hosts,
      allowAccountChange: who.allowAccountChange,
      origins: [origin],
      returnUrl: who.returnTo === undefined ? finishUrl : new URL(who.returnTo, origin).href,
      returnMode: body.returnMode,
      connectionId: body.connectionId,
    },
    'session',
  )
  return json(await parts.connect.createSession(session), 201)
}

/** A navigation: whatever comes out, a person reads it. */
async function finishInPage({ parts, who, url }: Visit): Promise<Response> {
  const parameter = (name: keyof typeof returnParameters): string =>
    url.searchParams.get(returnParameters[name]) ?? ''
  const flowId = flowIdSchema.safeParse(parameter('flow'))
  try {
    const answer = await parts.connect.confirm({
      sessionId: parameter('session'),
      flowId: parameter('flow'),
      ticket: parameter('ticket'),
      tenantId: who.tenantId,
      userId: who.userId,
    })
    if (answer.mode === 'redirect' && answer.resumeUrl !== null)
      return goOn(answer.resumeUrl, answer)
    return finishPage({ status: 200, ...wordsFor(answer), news: newsOf(answer) })
  } catch (error) {
    if (!(error instanceof KeywellError)) throw error
    return finishPage({
      status: error.status,
      heading: 'This did not work',
      sentence: `${error.message} ${error.nextStep}`,
      news: flowId.success ? { flowId: flowId.data, status: 'failed' } : null,
    })
  }
}

async function finishInApp({ parts, request, who }: Visit): Promise<Response> {
  const { session, flow, ticket } = await readJson(request)
  const answer = await parts.connect.confirm({
    sessionId: String(session ?? ''),
    flowId: String(flow ?? ''),
    ticket: String(ticket ?? ''),
    tenantId: who.tenantId,
    userId: who.userId,
  })
  return json(answer)
}

async function listConnections({ parts, who, url }: Visit): Promise<Response> {
  const { tenantId, userId } = who
  return json(
    await parts.connections.list({
      tenantId,
      userId,
      provider: url.searchParams.get('provider') ?? undefined,
      cursor: url.searchParams.get('cursor') ?? undefined,
    }),
  )
}

async function disconnect({ parts, who }: Visit, id: string): Promise<Response> {
  const connectionId = connectionIdSchema.safeParse(id)
  // The same answer as for a connection of somebody else.
  if (!connectionId.success) throw new KeywellError('not_found', 'There is no such connection.')
  const { tenantId, userId } = who
  return json(
    await parts.connections.disconnect({ connectionId: connectionId.data, tenantId, userId }),
  )
}

/** Redirect mode: back to where the user was, which learns the flow's id and asks for the rest. */
function goOn(resumeUrl: string, answer: ConfirmAnswer): Response {
  const url = new URL(resumeUrl)
  const news = `${returnParameters.flow}=${answer.flowId}`
  // A page that routes by its fragment keeps its place.
  url.hash = url.hash.length > 1 ? `${url.hash.slice(1)}&${news}` : news
  return new Response(null, {
    status: 303,
    headers: {
      location: url.href,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
  })
}

function newsOf({ flowId, status }: ConfirmAnswer): { flowId: string; status: FlowStatus } {
  return { flowId, status }
}

function wordsFor({ status, error, connection }: ConfirmAnswer): {
  heading: string
  sentence: string
} {
  if (status === 'connected') {
    const account = connection?.account.name ?? connection?.account.username
    return {
      heading: 'Connected',
      sentence: account ? `The account of ${account} is connected.` : 'The account is connected.',
    }
  }
  if (status === 'denied') {
    return {
      heading: 'Not connected',
      sentence: 'You said no at the provider. Nothing was stored.',
    }
  }
  // The page was loaded again while the first load of it is still at work.
  if (status === 'confirming') {
    return {
      heading: 'Almost connected',
      sentence: 'The account is being connected. The page you came from shows when it is done.',
    }
  }
  return { heading: 'Not connected', sentence: saidOf(error) }
}

function saidOf(error: ConfirmAnswer['error']): string {
  if (error === null) return 'Nothing was stored.'
  return [error.message, error.nextStep].filter(Boolean).join(' ')
}

function checkSignedIn(who: SignedIn): void {
  const owner = ownerSchema.safeParse(who)
  if (owner.success && owner.data.userId !== undefined) return
  throw new TypeError(
    'connectHandler: `tenantId` and `userId` must name the user who is signed in. Answer 401 yourself when nobody is.',
  )
}

function originOf(who: SignedIn, url: URL): string {
  if (who.origin === undefined) return url.origin
  if (URL.canParse(who.origin) && new URL(who.origin).origin === who.origin) return who.origin
  throw new TypeError(
    `connectHandler: \`origin\` must be an origin such as https://app.example; got "${who.origin}".`,
  )
}

function looked(status: number): Response {
  return new Response(null, { status, headers: { 'cache-control': 'no-store' } })
}

function json(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } })
}
