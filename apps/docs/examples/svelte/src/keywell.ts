import {
  type Connect,
  type ConnectionsSnapshot,
  type ConnectState,
  type ConnectTarget,
  createKeywellClient,
  followConnections,
} from '@keywell/react/core'
import { createSubscriber } from 'svelte/reactivity'

export const client = createKeywellClient({ endpoint: '/api/keywell' })

/** The user's connections, read again whenever one changes, while something on the page shows them. */
class Connections {
  readonly #subscribe = createSubscriber((update) => {
    const stops = [client.connections.subscribe(update), followConnections(client.connections)]
    return () => {
      for (const stop of stops) stop()
    }
  })

  get current(): ConnectionsSnapshot {
    this.#subscribe()
    return client.connections.getSnapshot()
  }
}

export const list = new Connections()

/** One button of your own: its state, and what it can do. */
export class ConnectStore {
  readonly connect: Connect
  readonly #subscribe: () => void

  constructor(target: ConnectTarget) {
    this.connect = client.connect(target)
    this.#subscribe = createSubscriber((update) => {
      const stops = [this.connect.subscribe(update), this.connect.attach()]
      return () => {
        for (const stop of stops) stop()
      }
    })
  }

  get state(): ConnectState {
    this.#subscribe()
    return this.connect.getSnapshot()
  }
}
