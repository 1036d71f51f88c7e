/** The conformance suite of the protocol against the service's endpoint: what a server of tools alone has to pass. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { McpToken } from '@keywell/protocol'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { root } from './packaging/run.ts'
import { openEmbedded } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/**
 * The others ask for what this server does not have: resources, prompts, completions, logging, sampling, streams that
 * outlive a request, and a set of test tools (`tools-call-*`, `elicitation-*`, `json-schema-2020-12`).
 */
const scenarios = ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection']

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

/** The suite needs a newer Node than ours, and runs in Bun. */
async function run(scenario: string): Promise<{ code: number; output: string }> {
  const scope = join(root, 'node_modules/@oven')
  const bun = join(scope, readdirSync(scope)[0] ?? '', 'bin/bun')
  const suite = join(root, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
  const child = spawn(bun, [suite, 'server', '--url', url, '--scenario', scenario], {
    env: { PATH: process.env.PATH, NO_COLOR: '1', HOME: '/nonexistent' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk)
    })
  }
  const [code] = await once(child, 'exit')
  return { code: Number(code), output }
}

verifies('mcp:conformance', async () => {
  for (const scenario of scenarios) {
    const { code, output } = await run(scenario)
    expect(code, `${scenario}: ${output}`).toBe(0)
    expect(output, scenario).toMatch(/[1-9]\d*\/\d+ passed, 0 failed|Passed: [1-9]/)
  }
  // The suite finds what is not there.
  expect((await run('resources-list')).code).not.toBe(0)
})
