/**
 * `connectHandler` for Next, as the route handler `app/api/keywell/[...path]/route.ts`:
 *
 *     export const { GET, POST, DELETE } = toNextHandlers(() => new Keywell(), (request) => signedIn(request))
 */
import { serve, type Who } from './handler/signed-in.ts'
import type { Keywell } from './keywell.ts'

export type NextHandler = (request: Request) => Promise<Response>

/**
 * The methods of a route handler. The origin of the app is configured: `request.url` of Next says `localhost`.
 *
 * @param open makes the Keywell, or answers the one there is; called once, at the first request, since
 *   `next build` loads the module without an API key
 */
export function toNextHandlers(
  open: () => Keywell,
  who: Who<Request>,
): Readonly<Record<'GET' | 'POST' | 'DELETE', NextHandler>> {
  let keywell: Keywell | undefined
  const handler: NextHandler = async (request) => {
    keywell ??= open()
    return serve(keywell, () => request, await who(request))
  }
  return { GET: handler, POST: handler, DELETE: handler }
}
