/** An app on Hono. It needs KEYWELL_URL, KEYWELL_API_KEY, KEYWELL_APP_ORIGIN, SESSION_SECRET and PORT. */
import { serve } from '@hono/node-server'
import { Keywell } from '@keywell/sdk'
import { toHonoHandler } from '@keywell/sdk/hono'
import { Hono } from 'hono'
import { signedIn } from './session.ts'

const keywell = new Keywell()
const app = new Hono()

// For the connect button of `@keywell/react`.
app.all(
  '/api/keywell/*',
  toHonoHandler(keywell, (c) => signedIn(c.req.header('cookie'))),
)

app.get('/projects', async (c) => {
  const who = signedIn(c.req.header('cookie'))
  if (who === null) return c.body(null, 401)
  return keywell.forUser(who).fetch('gitlab', '/api/v4/projects')
})

serve({ fetch: app.fetch, port: Number(process.env.PORT) })
