import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'

export interface Listener {
  port: number
  /** Ends the listener and every connection. */
  close: () => Promise<void>
}

/** What a Hono app is to a listener. */
type App = { fetch: Parameters<typeof createAdaptorServer>[0]['fetch'] }

/** Serves an app at a port of this machine; 0 is a free one. */
export function listen(app: App, hostname: string, port: number): Promise<Listener> {
  const server = createAdaptorServer({ fetch: app.fetch })
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
    })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, () => {
      // A listening TCP server has an address of this form.
      resolve({ port: (server.address() as AddressInfo).port, close })
    })
  })
}
