/** An app on Express. It needs KEYWELL_URL, KEYWELL_API_KEY, KEYWELL_APP_ORIGIN, SESSION_SECRET and PORT. */
import { Keywell } from '@keywell/sdk'
import { toExpressHandler } from '@keywell/sdk/express'
import express from 'express'
import { signedIn } from './session.ts'

const keywell = new Keywell()
const app = express()

// For the connect button of `@keywell/react`.
app.use(
  '/api/keywell',
  toExpressHandler(keywell, ({ headers }) => signedIn(headers.cookie)),
)

app.get('/projects', async (request, response) => {
  const who = signedIn(request.headers.cookie)
  if (who === null) {
    response.status(401).end()
    return
  }
  const projects = await keywell.forUser(who).fetch('gitlab', '/api/v4/projects')
  response.status(projects.status).json(await projects.json())
})

app.listen(Number(process.env.PORT))
