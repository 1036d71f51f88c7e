/**
 * `connectHandler` for Fastify:
 *
 *     fastify.all('/api/keywell/*', toFastifyHandler(keywell, (request) => request.session.user))
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { serve, type Who } from './handler/signed-in.ts'
import type { Keywell } from './keywell.ts'
import { eventsOf, toWebRequest } from './node.ts'

/** To be mounted with `fastify.all`, with a path that ends in `/*`. Hooks run as for any other route. */
export function toFastifyHandler<Request extends FastifyRequest = FastifyRequest>(
  keywell: Keywell,
  who: Who<Request>,
): (request: Request, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const { raw, body } = request
    const answer = await serve(keywell, () => toWebRequest(raw, body), await who(request))
    answer.headers.forEach((value, name) => {
      reply.header(name, value)
    })
    return reply.status(answer.status).send(eventsOf(answer) ?? (await answer.text()))
  }
}
