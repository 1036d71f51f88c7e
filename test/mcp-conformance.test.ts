/** The conformance suite of the protocol against the service's endpoint. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { McpToken } from '@keywell/protocol'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import {
  atGivenTools,
  atService,
  failureOf,
  listScenarios,
  notApplicable,
} from './support/conformance.ts'
import { openEmbedded } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let stage: Stage
let url: string
const proxy = createServer((incoming, outgoing) => forward(incoming, outgoing))
let token: McpToken

beforeAll(async () => {
  stage = await createStage(await openEmbedded(), { role: 'serve' })
  const who = { tenantId: 'ten_conformance', userId: 'usr_1' }
  await stage.connect({ who })
  const body = { ...who, provider: 'gitlab' }
  token = must(await stage.call<McpToken>('POST', '/v1/mcp-tokens', body), 201)
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  url = `http://localhost:${(proxy.address() as AddressInfo).port}/mcp/gitlab`
})
afterAll(async () => {
  proxy.close()
  await stage.stop()
})

/** The suite sends no token; and what it takes for the server's own origin is the proxy's. */
function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { origin, host } = incoming.headers
  const [proxied, own] = [new URL(url), new URL(token.url)]
  const headers = {
    ...incoming.headers,
    authorization: `Bearer ${token.token}`,
    ...(origin === proxied.origin && { origin: own.origin }),
    ...(host === proxied.host && { host: own.host }),
  }
  const { method } = incoming
  const onward = request(token.url, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  onward.on('error', () => outgoing.destroy())
  incoming.pipe(onward)
}

verifies('mcp:conformance', async () => {
  for (const scenario of atService) expect(await failureOf(url, scenario)).toBeUndefined()
  // The suite finds what is not there.
  expect(await failureOf(url, 'resources-list')).toContain('resources-list')
})

verifies('mcp:conformance-known', async () => {
  const known = [...atService, ...atGivenTools, ...Object.keys(notApplicable)]
  expect(known.toSorted()).toEqual((await listScenarios()).toSorted())
})
