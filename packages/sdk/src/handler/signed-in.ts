import { type CreateSession, KeywellError, type ProviderName } from '@keywell/protocol'
import type { Keywell } from '../keywell.ts'
import { problemResponse } from './request.ts'

/**
 * Who is signed in at the app, by the app's own session, and what they may connect. Nothing here may
 * come from the request's parameters or body.
 */
export interface SignedIn {
  readonly tenantId: string
  readonly userId: string
  /**
   * `tenant`: what is connected, listed and disconnected here is the tenant's own, for all of its users. Only for an
   * administrator, on a mount point of its own; the app decides who is one. Default: the user's.
   */
  readonly owner?: 'tenant' | undefined
  /** Providers that may be connected. Default: all of the catalogue. */
  readonly providers?: readonly ProviderName[] | undefined
  /** Scopes by provider: `required`, `optional`, `forbidden`. */
  readonly scopes?: CreateSession['scopes']
  /** Hosts that may be connected. Default: every host that has an integration. */
  readonly hosts?: readonly string[] | undefined
  /**
   * How may be connected: `oauth`, by consent, or `key`, by a pasted key. Default: by consent alone. With `key`, name
   * `scopes` as well: a key may do whatever its user ticked.
   */
  readonly methods?: CreateSession['methods']
  /**
   * Whether a person may connect by a code that they type at the provider, where it has no other way (Buildkite). The
   * popup shows the code, and asks at the end whose account it is. Default: false.
   */
  readonly device?: boolean | undefined
  /** The host that is meant where a button names none, by provider. Default: the only one there is. */
  readonly defaultHosts?: CreateSession['defaultHosts']
  /** Reconnecting may replace the account that was connected. */
  readonly allowAccountChange?: boolean | undefined
  /** They may approve calls of agents for other users of the tenant, as an administrator may. Default: their own alone. */
  readonly approvesForOthers?: boolean | undefined
  /** Mount point as browsers see it, behind a proxy that rewrites paths. Default: the request's. */
  readonly basePath?: string | undefined
  /**
   * The app's origins for this user, in place of `appOrigin`: for an app with a domain per customer, which
   * looks it up by the tenant. It is configuration, and never what a request says of itself: where a connect
   * session ends is where the finish ticket goes. The service's list, if it has one, names it too.
   */
  readonly origin?: string | readonly string[] | undefined
  /**
   * Language tag (BCP 47) of the page at the end of a popup, which knows English and German. Default: what the browser
   * prefers (`Accept-Language`), else English.
   */
  readonly language?: string | undefined
  /**
   * Page of the app where the browser comes back with its ticket, as a path or URL. Default: the
   * handler's own `finish`. For apps whose session is no cookie, together with `returnMode: 'fragment'`.
   */
  readonly returnTo?: string | undefined
}

/**
 * Names the user who is signed in, by the app's own session; undefined or null: no user is, and the answer
 * is 401. What it takes from a request must be proved, such as a signed cookie.
 */
export type Who<Request> = (
  request: Request,
) => SignedIn | null | undefined | Promise<SignedIn | null | undefined>

export async function serve(
  keywell: Pick<Keywell, 'connectHandler'>,
  request: () => Request,
  signedIn: SignedIn | null | undefined,
): Promise<Response> {
  return signedIn ? keywell.connectHandler(request(), signedIn) : problemResponse(notSignedIn())
}

function notSignedIn(): KeywellError {
  return new KeywellError('unauthorized', 'Nobody is signed in.', {
    nextStep: 'Sign in at the app first.',
  })
}
