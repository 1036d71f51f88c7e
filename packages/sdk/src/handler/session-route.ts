import { createSessionSchema, KeywellError, originSchema } from '@keywell/protocol'
import { parseInput } from '../request.ts'
import { onlyOrigin, originOfPage } from './app-origins.ts'
import type { ConnectRequest } from './connect-request.ts'
import { json, readJson } from './request.ts'

/** Begins: makes a connect session of the signed-in user for the page that asks. */
export async function createSession(
  incoming: ConnectRequest,
  mountPath: string,
): Promise<Response> {
  const { parts, request, who } = incoming
  const origin = await originOfSession(incoming)
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
      owner: who.owner,
      providers: who.providers,
      scopes: who.scopes,
      hosts: who.hosts,
      methods: who.methods,
      device: who.device,
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
 * The page's origin, where it is one of the app's. Any other is reported to the service, since a page that
 * asks under another name is an attack or a setting that is wrong, and the service keeps the audit log.
 */
async function originOfSession({ parts, request, who, app }: ConnectRequest): Promise<string> {
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

/** A field that is misspelt would be lost without a word: a `connectionID` would connect anew, and reconnect nothing. */
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

/** Where the handler is found. The path must be one that no proxy reads otherwise. */
function finishUrlOf(origin: string, basePath: string): string {
  if (/^$|^\//.test(basePath) && !/\/\/|\\|%(?:2f|5c)/i.test(basePath)) {
    return `${origin}${basePath.endsWith('/') ? basePath.slice(0, -1) : basePath}/finish`
  }
  throw new KeywellError('invalid_request', 'The path of the request is not a plain one.', {
    nextStep:
      'Call the handler at the path where it is mounted; `basePath` names that path, where it is set.',
  })
}
