import { createKeywellClient, type KeywellClient } from '../core/index.ts'

/** By document and endpoint, so that all elements of a page read one list and share its sessions. */
const clients = new WeakMap<Document, Map<string, KeywellClient>>()

/** The client that the elements of a page share. Default of `endpoint`: `/api/keywell`. */
export function clientOf(document: Document, endpoint = '/api/keywell'): KeywellClient {
  const ofPage = clients.get(document) ?? new Map<string, KeywellClient>()
  clients.set(document, ofPage)
  const client = ofPage.get(endpoint) ?? createKeywellClient({ endpoint })
  ofPage.set(endpoint, client)
  return client
}
