import {
  type ConfirmAnswer,
  type CreateSession,
  connectionIdSchema,
  createSessionSchema,
  type FlowStatus,
  flowIdSchema,
  KeywellError,
  originSchema,
  ownerSchema,
  type ProviderName,
  returnParameters,
} from '@keywell/protocol'
import type { Connect } from '../connect.ts'
import type { Connections } from '../connections.ts'
import { parseInput } from '../request.ts'
import {
  type AppOrigins,
  onlyOrigin,
  originOfPage,
  readAppOrigins,
  requireAppOrigins,
} from './app-origins.ts'
import { finishPage } from './finish-page.ts'
import { isPrefetch, problemResponse, readJson } from './request.ts'
import { type Route, routeOf } from './routes.ts'

/**
 * Who is signed in at the app, by the app's own session, and what they may connect. Nothing here may
 * come from the request's parameters or body.
 */
export interface SignedIn {
  readonly tenantId: string
  readonly userId: string
  /** Providers that may be connected; all of the catalogue unless told. */
  readonly providers?: readonly ProviderName[] | undefined
  /** Scopes by provider: `required`, `optional`, `forbidden`. */
  readonly scopes?: CreateSession['scopes']
  /** Hosts that may be connected; every host that has an integration unless told. */
  readonly hosts?: readonly string[] | undefined
  /** The host that is meant where a button names none, by provider; the only one there is unless told. */
  readonly defaultHosts?: CreateSession['defaultHosts']
  /** Mending may replace the account that was connected. */
  readonly allowAccountChange?: boolean | undefined
  /** Mount point as browsers see it, behind a proxy that rewrites paths; the request's unless told. */
  readonly basePath?: string | undefined
  /**
   * The app's origins for this user, in place of `appOrigin`: for an app with a domain per customer, which
   * looks it up by the tenant. It is configuration, and never what a request says of itself: where a connect
   * session ends is where the finish ticket goes. The service's list, if it has one, names it too.
   */
  readonly origin?: string | readonly string[] | undefined
  /**
   * Page of the app where the browser comes back with its ticket, as a path or URL; the handler's own
   * `finish` unless told. For apps whose session is no cookie, together with `returnMode: 'fragment'`.
   */
  readonly returnTo?: string | undefined
}

export interface ConnectHandlerParts {
  readonly connect: Connect
  readonly connections: Connections
  /** Of all users; `origin` of one replaces it. */
  readonly appOrigins: AppOrigins
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
 * Answers hold no credential. Failures are `application/problem+json`; `origin_not_allowed` is the answer to
 * a page that is not on one of the app's origins.
 * Throws `TypeError` when `who` does not name a tenant and a user, or nothing says where the app is.
 */
export async function handleConnect(
  parts: ConnectHandlerParts,
  request: Request,
  who: SignedIn,
): Promise<Response> {
  checkSignedIn(who)
  const visit: Visit = {
    parts,
    request,
    who,
    url: new URL(request.url),
    app: originsOf(parts, who),
  }
  // What looks ahead, or only at the head, must not spend a ticket.
  if (request.method === 'HEAD') return looked(200)
  if (isPrefetch(request)) return looked(503)
  try {
    return await answer(visit, routeOf(request.method, visit.url.pathname))
  } catch (error) {
    if (error instanceof KeywellError) return problemResponse(error)
    throw error
  }
}

interface Visit {
  readonly parts: ConnectHandlerParts
  readonly request: Request
  readonly who: SignedIn
  /** Its path and its query count; its origin is the client's word. */
  readonly url: URL
  readonly app: AppOrigins
}

async function answer(visit: Visit, route: Route): Promise<Response> {
  if (route.changesState && route.name !== 'session') originOfPage(visit.request, visit.app)
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

async function createSession(visit: Visit, mountPath: string) {
  const { parts, request, who } = visit
  const origin = await originOfSession(visit)
  const body = await readJson(request)
  refuseOthers(body, ['connectionId', 'returnMode'])
  const finishUrl = finishUrlOf(origin, who.basePath ?? mountPath)
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
      defaultHosts: who.defaultHosts,
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

/**
 * The page's origin, where it is one of the app's. The service is told of any other, since a page that asks
 * under another name is an attack or a setting that is wrong, and it keeps the audit log.
 */
async function originOfSession({ parts, request, who, app }: Visit): Promise<string> {
  try {
    return originOfPage(request, app) ?? onlyOrigin(app)
  } catch (refusal) {
    const pageOrigin = request.headers.get('origin')
    const [origin] = app.listed
    if (pageOrigin === null || origin === undefined) throw refusal
    // It refuses, too. What it answers is not passed on: not even a session, by one that is too old to look.
    await parts.connect
      .createSession({
        tenantId: who.tenantId,
        userId: who.userId,
        origins: [origin],
        returnUrl: origin,
        pageOrigin: originSchema.safeParse(pageOrigin).data ?? 'null',
      })
      .catch(() => {})
    throw refusal
  }
}

/** A field that is misspelt would be lost without a word: a `connectionID` would connect anew, and mend nothing. */
function refuseOthers(body: Record<string, unknown>, known: readonly string[]): void {
  const other = Object.keys(body).find((name) => !known.includes(name))
  if (other === undefined) return
  throw new KeywellError(
    'invalid_request',
    `The body has a field that is not known: ${JSON.stringify(other.slice(0, 100))}.`,
    {
      nextStep: `Send ${known.join(' and ')} or neither. What a user may connect is for the backend to say.`,
    },
  )
}

/** Where the handler is found. The path is the request's, unless told; a proxy must not read it otherwise. */
function finishUrlOf(origin: string, basePath: string): string {
  if (/^$|^\//.test(basePath) && !/\/\/|\\|%(?:2f|5c)/i.test(basePath)) {
    return `${origin}${basePath.endsWith('/') ? basePath.slice(0, -1) : basePath}/finish`
  }
  throw new KeywellError('invalid_request', 'The path of the request is not a plain one.', {
    nextStep: 'Call the handler at the path where it is mounted; `basePath` says it, if told.',
  })
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
      sentence: error.message,
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
  return json(await parts.connections.delete({ connectionId: connectionId.data, tenantId, userId }))
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

function originsOf({ appOrigins }: ConnectHandlerParts, { origin }: SignedIn): AppOrigins {
  const app =
    origin === undefined
      ? appOrigins
      : { listed: readAppOrigins('origin', origin), allowsLoopback: false }
  requireAppOrigins(app)
  return app
}

function looked(status: number): Response {
  return new Response(null, { status, headers: { 'cache-control': 'no-store' } })
}

function json(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } })
}
