/**
 * The service of the streams bench, in a process of its own. It says whose a request is, as an operator's does,
 * so that calls are limited by address, too.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { openOwner } from '../support/inspected.ts'
import { createStage } from '../support/stage.ts'
import { atInfo } from './at-info.ts'

const database = await openOwner(process.argv[2] ?? '')
const stage = await createStage(database, { swept: false, logger: atInfo })
const listener = getRequestListener((request, env) => {
  // Ours is a server of HTTP/1.1.
  const { incoming } = env as HttpBindings
  return stage.keywell.fetch(request, { address: incoming.socket.remoteAddress })
})
const server = createServer(listener).listen(0, '127.0.0.1')
await once(server, 'listening')
// A listener on a TCP port has no path, so this is no string.
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

process.on('message', async (who: { tenantId: string; userId: string }) => {
  await stage.connect({ who })
  const session = await stage.session(who)
  const { flowId } = await stage.flow(session)
  const { connectToken } = session
  process.send?.({ connectToken, flowUrl: `${url}/connect/flows/${flowId}` })
})
process.once('disconnect', () => process.exit())
process.send?.({ url, apiKey: stage.apiKey })
