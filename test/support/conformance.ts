/** The conformance suite of MCP: what of it is run, where, and what does not apply. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../packaging/run.ts'

/** At the endpoint of the service. */
export const atService = [
  'server-initialize',
  'ping',
  'tools-list',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
]

/**
 * They call tools of the suite's own. The service's tools are given, so these run at the same server with tools of a test:
 * `packages/tools/src/mcp/conformance.test.ts`.
 */
export const atGivenTools = [
  'tools-call-simple-text',
  'tools-call-error',
  'tools-call-with-progress',
  'json-schema-2020-12',
]

const noMedia =
  'A tool answers JSON, as structured content and as text: no images, sounds or resources.'
const noForm =
  'A form is answered by the client, which proves nothing of its person. The server asks clients to open an address alone, and only in 2026-07-28.'
const noResources = 'The server has no resources.'
const noPrompts = 'The server has no prompts.'
const noClient =
  'It tests a client: nothing of Keywell is one. Agents bring their own, and get a token from the app or from its authorisation server.'

/** Why each of the others is not run. */
export const notApplicable: Readonly<Record<string, string>> = {
  'logging-set-level':
    'The server sends no log messages to clients, and does not say that it does.',
  'tools-call-with-logging': 'The server sends no log messages to clients.',
  'completion-complete': 'There is nothing to complete: no prompts and no resource templates.',
  'tools-call-image': noMedia,
  'tools-call-audio': noMedia,
  'tools-call-embedded-resource': noMedia,
  'tools-call-mixed-content': noMedia,
  'tools-call-sampling': 'The server never asks the model of a client.',
  'tools-call-elicitation': noForm,
  'elicitation-sep1034-defaults': noForm,
  'elicitation-sep1330-enums': noForm,
  'server-sse-polling':
    'It calls a tool that breaks its own stream. None of ours does; `mcp:resumed` takes a stream up that the client broke.',
  'resources-list': noResources,
  'resources-read-text': noResources,
  'resources-read-binary': noResources,
  'resources-templates-read': noResources,
  'resources-subscribe': noResources,
  'resources-unsubscribe': noResources,
  'prompts-list': noPrompts,
  'prompts-get-simple': noPrompts,
  'prompts-get-with-args': noPrompts,
  'prompts-get-embedded-resource': noPrompts,
  'prompts-get-with-image': noPrompts,
  initialize: noClient,
  tools_call: noClient,
  'elicitation-sep1034-client-defaults': noClient,
  'sse-retry': noClient,
  'auth/metadata-default': noClient,
  'auth/metadata-var1': noClient,
  'auth/metadata-var2': noClient,
  'auth/metadata-var3': noClient,
  'auth/basic-cimd': noClient,
  'auth/scope-from-www-authenticate': noClient,
  'auth/scope-from-scopes-supported': noClient,
  'auth/scope-omitted-when-undefined': noClient,
  'auth/scope-step-up': noClient,
  'auth/scope-retry-limit': noClient,
  'auth/token-endpoint-auth-basic': noClient,
  'auth/token-endpoint-auth-post': noClient,
  'auth/token-endpoint-auth-none': noClient,
  'auth/pre-registration': noClient,
  'auth/2025-03-26-oauth-metadata-backcompat': noClient,
  'auth/2025-03-26-oauth-endpoint-fallback': noClient,
  'auth/resource-mismatch': noClient,
  'auth/offline-access-scope': noClient,
  'auth/offline-access-not-supported': noClient,
  'auth/client-credentials-jwt': noClient,
  'auth/client-credentials-basic': noClient,
  'auth/cross-app-access-complete-flow': noClient,
}

interface Outcome {
  readonly code: number
  readonly output: string
}

/** Names of all scenarios that the suite has, for servers and for clients. */
export async function listScenarios(): Promise<string[]> {
  const { output } = await runSuite(['list'])
  const lines = output.split('\n').filter((line) => line.startsWith('  - '))
  return lines.map((line) => line.slice(4).split(' ')[0] ?? '')
}

/** Undefined: it passed. */
export async function failureOf(url: string, scenario: string): Promise<string | undefined> {
  const { code, output } = await runSuite(['server', '--url', url, '--scenario', scenario])
  const hasPassed = /[1-9]\d*\/\d+ passed, 0 failed|Passed: [1-9]/.test(output)
  return code === 0 && hasPassed ? undefined : `${scenario}: ${output}`
}

/** The suite needs a newer Node than ours, and runs in Bun. */
async function runSuite(args: readonly string[]): Promise<Outcome> {
  const scope = join(root, 'node_modules/@oven')
  const bun = join(scope, readdirSync(scope)[0] ?? '', 'bin/bun')
  const suite = join(root, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
  const child = spawn(bun, [suite, ...args], {
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
