/** An app on Fastify. It needs KEYWELL_URL, KEYWELL_API_KEY, KEYWELL_APP_ORIGIN, SESSION_SECRET and PORT. */
import { Keywell } from '@keywell/sdk'
import { toFastifyHandler } from '@keywell/sdk/fastify'
import createFastify from 'fastify'
import { signedIn } from './session.ts'

const keywell = new Keywell()
const fastify = createFastify()

// For the connect button of `@keywell/react`.
fastify.all(
  '/api/keywell/*',
  toFastifyHandler(keywell, ({ headers }) => signedIn(headers.cookie)),
)

fastify.get('/projects', async (request, reply) => {
  const who = signedIn(request.headers.cookie)
  if (who === null) return reply.status(401).send()
  const projects = await keywell.forUser(who).fetch('gitlab', '/api/v4/projects')
  return reply.status(projects.status).send(await projects.json())
})

await fastify.listen({ port: Number(process.env.PORT) })
