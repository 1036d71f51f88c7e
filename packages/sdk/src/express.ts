/**
 * `connectHandler` for Express:
 *
 *     app.use('/api/keywell', toExpressHandler(keywell, (req) => ({ tenantId: req.org, userId: req.user })))
 */
import type { Who } from './handler/signed-in.ts'
import type { Keywell } from './keywell.ts'
import { type NodeHandler, type NodeRequest, toNodeHandler } from './node.ts'

/**
 * To be mounted with `app.use`, behind or before what reads bodies. The origin of the app is configured, and taken
 * from no request: `trust proxy` has no say.
 */
export function toExpressHandler<Req extends NodeRequest = NodeRequest>(
  keywell: Keywell,
  who: Who<Req>,
): NodeHandler<Req> {
  return toNodeHandler(keywell, who)
}
