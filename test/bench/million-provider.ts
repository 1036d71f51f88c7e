/**
 * The provider of the million bench, in a process of its own: it renews whatever refresh token comes and
 * says that every access token lives, so that it needs no memory of a million grants. It counts its calls.
 */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'

/** As GitLab's. */
const lifeSeconds = 7_200

let calls = 0
const server = createServer((request, response) => {
  calls += 1
  request.resume()
  request.on('end', () => {
    const isToken = request.url?.endsWith('/oauth/token') === true
    const body = isToken ? newPair() : { scope: ['read_api'], expires_in: lifeSeconds }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
})

function newPair() {
  return {
    access_token: randomBytes(32).toString('hex'),
    refresh_token: randomBytes(32).toString('hex'),
    token_type: 'Bearer',
    expires_in: lifeSeconds,
    scope: 'read_api',
  }
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  process.send?.({ url: `http://127.0.0.1:${address.port}` })
})
process.on('message', () => process.send?.({ calls }))
process.once('disconnect', () => process.exit())
