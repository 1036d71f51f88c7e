import { connectionIdSchema, KeywellError, ownerSchema } from '@keywell/protocol'
import { type AppOrigins, originOfPage, readAppOrigins, requireAppOrigins } from './app-origins.ts'
import { approveOnPage } from './approve-route.ts'
import type { ConnectHandlerParts, ConnectRequest } from './connect-request.ts'
import { followConnections } from './events-route.ts'
import { finishInApp, finishInPage } from './finish-routes.ts'
import { isPrefetch, json, problemResponse } from './request.ts'
import { type Route, routeOf } from './routes.ts'
import { createSession } from './session-route.ts'
import type { SignedIn } from './signed-in.ts'

/**
 * The routes that a front end needs, for one signed-in user, below wherever it is mounted:
 *
 *     POST   session             begins; the body may name `connectionId` and `returnMode`
 *     GET    finish              the popup comes back here with its ticket
 *     POST   finish              the same for single-page apps, as JSON `{ session, flow, ticket }`
 *     GET    approve             goes on to the page where this user approves a call of an agent
 *     GET    connections         what this user has connected
 *     GET    connections/events  server-sent events: read the list again
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
  const incoming: ConnectRequest = {
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
    return await answer(incoming, routeOf(request.method, incoming.url.pathname))
  } catch (error) {
    if (error instanceof KeywellError) return problemResponse(error)
    throw error
  }
}

async function answer(incoming: ConnectRequest, route: Route): Promise<Response> {
  if (route.ownPagesOnly && route.name !== 'session') originOfPage(incoming.request, incoming.app)
  switch (route.name) {
    case 'session':
      return createSession(incoming, route.mountPath)
    case 'finish-page':
      return finishInPage(incoming)
    case 'finish':
      return finishInApp(incoming)
    case 'approve':
      return approveOnPage(incoming)
    case 'connections':
      return listConnections(incoming)
    case 'events':
      return followConnections(incoming)
    case 'disconnect':
      return disconnect(incoming, route.connectionId)
    default:
      return route satisfies never
  }
}

async function listConnections({ parts, who, url }: ConnectRequest): Promise<Response> {
  return json(
    await parts.connections.list({
      ...ownerOf(who),
      provider: url.searchParams.get('provider') ?? undefined,
      cursor: url.searchParams.get('cursor') ?? undefined,
      brands: url.searchParams.get('brands')?.split(','),
    }),
  )
}

async function disconnect({ parts, who }: ConnectRequest, id: string): Promise<Response> {
  const connectionId = connectionIdSchema.safeParse(id)
  // The same answer as for a connection of another user.
  if (!connectionId.success) throw new KeywellError('not_found', 'There is no such connection.')
  return json(await parts.connections.delete({ connectionId: connectionId.data, ...ownerOf(who) }))
}

/** Whose connections the handler shows and removes. */
function ownerOf({
  tenantId,
  userId,
  owner,
}: SignedIn): Partial<Pick<SignedIn, 'userId' | 'owner'>> & { tenantId: string } {
  return owner === 'tenant' ? { tenantId, owner } : { tenantId, userId }
}

function checkSignedIn(who: SignedIn): void {
  const { tenantId, userId } = who
  const owner = ownerSchema.safeParse({ tenantId, userId })
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
