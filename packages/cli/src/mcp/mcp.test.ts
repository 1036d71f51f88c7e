/** `keywell mcp` as a process, and as its commands, against the stand-in GitLab. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createSandbox,
  type PersonalAccessTokenInput,
  type SandboxControl,
  sandboxControl,
} from '@keywell/sandbox'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../../test/support/free-port.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { runCommand } from '../run.ts'
import { openCredential } from './credential.ts'
import { openInstance } from './instance.ts'
import { findPlace } from './place.ts'
import { sendAsUser } from './send.ts'
import { readSettings } from './settings.ts'

let url: string
let control: SandboxControl
beforeAll(async () => {
  const sandbox = await createSandbox({
    applications: [{ name: 'Acme', redirectUris: ['http://127.0.0.1:9/callback'] }],
  })
  url = sandbox.url
  control = sandboxControl(sandbox.controlUrl)
  return () => sandbox.stop()
})
afterEach(async () => {
  await control.resetCounters()
})

const main = join(import.meta.dirname, '../main.ts')
const emptyFolder = mkdtempSync(join(tmpdir(), 'keywell-mcp-'))

async function tokenOf(more: Partial<PersonalAccessTokenInput> = {}): Promise<string> {
  const { value } = await control.issuePersonalAccessToken({ username: 'ada', ...more })
  return value
}

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A command in this process; a server that it starts ends with the test. */
async function run(
  words: readonly string[],
  environment: Record<string, string | undefined>,
  folder = emptyFolder,
): Promise<Run> {
  let out = ''
  let err = ''
  const code = await runCommand(words, {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    environment: { KEYWELL_GITLAB_URL: url, ...environment },
    folder,
    onStop: (stop) => onTestFinished(stop),
  })
  return { code, out, err }
}

describe('over stdio', () => {
  test('a client lists the tools that its token can run, and calls one', async () => {
    const token = await tokenOf({ scopes: ['read_api'] })
    const client = new Client(
      { name: 'test', version: '1' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    )
    let log = ''
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: ['--conditions=@keywell/source', '--import', 'tsx', main, 'mcp', '--profile', 'full'],
      env: { KEYWELL_GITLAB_URL: url, KEYWELL_GITLAB_TOKEN: token, PATH: process.env.PATH ?? '' },
      stderr: 'pipe',
    })
    transport.stderr?.on('data', (chunk) => {
      log += String(chunk)
    })
    await client.connect(transport)
    onTestFinished(() => client.close())
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toContain('gitlab_issues_list')
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint === true)).toBe(true)
    const result = await client.callTool({
      name: 'gitlab_issues_list',
      arguments: { project_id: 'lighthouse/webshop', per_page: 2 },
    })
    expect(result.isError, JSON.stringify(result)).toBeFalsy()
    expect((result.structuredContent as { data: unknown[] }).data).toHaveLength(2)
    await expect.poll(() => log).toContain('tool called')
    expect(log).not.toContain(token)
  })
})

/** A server over HTTP in this process, and a client of it. */
async function connect(
  words: readonly string[],
  environment: Record<string, string>,
): Promise<{ client: Client; address: URL; bearer: string; err: string }> {
  const bearer = 'a'.repeat(40)
  const port = String(await freePort())
  const { code, err } = await run(['mcp', ...words], {
    KEYWELL_GITLAB_SERVER_TRANSPORT: 'http',
    KEYWELL_GITLAB_SERVER_PORT: port,
    KEYWELL_GITLAB_SERVER_TOKEN: bearer,
    ...environment,
  })
  expect(err, err).not.toContain('not valid')
  expect(code, err).toBe(0)
  const address = new URL(`http://127.0.0.1:${port}/mcp`)
  const client = new Client({ name: 'test', version: '1' })
  const requestInit = { headers: { authorization: `Bearer ${bearer}` } }
  await client.connect(new StreamableHTTPClientTransport(address, { requestInit }))
  onTestFinished(() => client.close())
  return { client, address, bearer, err }
}

function errorOf(result: { content: unknown }): Record<string, unknown> {
  const [first] = result.content as { text: string }[]
  return JSON.parse(first?.text ?? '{}')
}

describe('over HTTP', () => {
  test('no request without the bearer gets anywhere, nor one of a page', async () => {
    const { address, bearer } = await connect([], { KEYWELL_GITLAB_TOKEN: await tokenOf() })
    const post = (headers: Record<string, string>) =>
      fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      })
    const right = { authorization: `Bearer ${bearer}` }
    expect((await post({})).status).toBe(401)
    expect((await post({ authorization: `Bearer ${'b'.repeat(40)}` })).status).toBe(401)
    expect((await post({ ...right, origin: 'https://evil.example' })).status).toBe(403)
    expect((await post(right)).status).not.toBe(401)
  })

  test('read-only mode stops every writer, and says which variable set it', async () => {
    const { client } = await connect(['--profile', 'full'], {
      KEYWELL_GITLAB_TOKEN: await tokenOf(),
      KEYWELL_GITLAB_READ_ONLY: 'true',
    })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).not.toContain('gitlab_issue_create')
    await control.resetCounters()
    const result = await client.callTool({
      name: 'gitlab_issue_create',
      arguments: { project_id: 'lighthouse/webshop', title: 'No' },
    })
    const error = errorOf(result)
    expect(error).toMatchObject({ code: 'READ_ONLY', tool_name: 'gitlab_issue_create' })
    expect(JSON.stringify(error)).toContain('KEYWELL_GITLAB_READ_ONLY')
  })

  test('what deletes is there only if it was named', async () => {
    const token = await tokenOf()
    const environment = { KEYWELL_GITLAB_TOKEN: token }
    const unnamed = await connect(['--profile', 'full'], environment)
    const refused = await unnamed.client.callTool({
      name: 'gitlab_issue_delete',
      arguments: { project_id: 'lighthouse/webshop', issue_iid: 1 },
    })
    expect(errorOf(refused)).toMatchObject({ code: 'TOOL_NOT_ALLOWED' })
    const named = await connect(
      ['--profile', 'full', '--tools', 'gitlab_issue_delete'],
      environment,
    )
    const { tools } = await named.client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['gitlab_issue_delete'])
  })

  test('the default project is taken where none is named', async () => {
    const { client } = await connect(['--profile', 'read'], {
      KEYWELL_GITLAB_TOKEN: await tokenOf(),
      KEYWELL_GITLAB_DEFAULT_PROJECT_ID: 'lighthouse/webshop',
    })
    const result = await client.callTool({ name: 'gitlab_issues_list', arguments: { per_page: 1 } })
    expect(result.isError, JSON.stringify(result)).toBeFalsy()
  })

  test('calls beyond the window are refused with the time to wait', async () => {
    const { client } = await connect(['--profile', 'read'], {
      KEYWELL_GITLAB_TOKEN: await tokenOf(),
      KEYWELL_GITLAB_RATE_LIMIT_MAX_REQUESTS: '1',
    })
    const call = { name: 'gitlab_issues_list', arguments: { project_id: 'lighthouse/webshop' } }
    await client.callTool(call)
    expect(errorOf(await client.callTool(call))).toMatchObject({
      code: 'RATE_LIMITED',
      retry_after: expect.any(Number),
    })
  })

  test('client credentials are renewed, and warned about', async () => {
    const [application] = await control.applications()
    const { client, err } = await connect([], {
      KEYWELL_GITLAB_OAUTH_CLIENT_ID: application?.clientId ?? '',
      KEYWELL_GITLAB_OAUTH_CLIENT_SECRET: application?.clientSecret ?? '',
    })
    expect(err).toContain('no user stands behind')
    expect((await client.listTools()).tools.length).toBeGreaterThan(0)
  })

  test('the compact profile is the default, with its 18 names and its own words for a refusal', async () => {
    const { client } = await connect([], {
      KEYWELL_GITLAB_TOKEN: await tokenOf(),
      KEYWELL_GITLAB_READ_ONLY: 'true',
      KEYWELL_GITLAB_DEFAULT_PROJECT_ID: 'lighthouse/webshop',
    })
    const { tools } = await client.listTools()
    expect(tools).toHaveLength(13)
    const listed = await client.callTool({ name: 'list_issues', arguments: { per_page: 1 } })
    expect(listed.structuredContent).toMatchObject({
      items: [{ iid: expect.any(Number) }],
      page: 1,
    })
    const refused = await client.callTool({
      name: 'create_mr',
      arguments: { title: 'x', source_branch: 'a', target_branch: 'b' },
    })
    expect(errorOf(refused)).toMatchObject({
      error: true,
      code: 'READ_ONLY',
      tool_name: 'create_mr',
    })
  })

  test('the search profile has two tools', async () => {
    const { client } = await connect(['--profile', 'search'], {
      KEYWELL_GITLAB_TOKEN: await tokenOf(),
    })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['search_tools', 'run_tool'])
  })
})

describe('keywell mcp test', () => {
  test('prints scopes, user and how many tools there are', async () => {
    const token = await tokenOf({ scopes: ['read_api'] })
    const { code, out, err } = await run(['mcp', 'test'], { KEYWELL_GITLAB_TOKEN: token })
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('scopes: read_api')
    expect(out).toContain('user: ada')
    expect(out).toContain('55 tools')
    expect(out).not.toContain(token)
  })

  test('a token that was revoked fails with its next step', async () => {
    const { id, value } = await control.issuePersonalAccessToken({ username: 'ada' })
    await control.revokePersonalAccessToken(id)
    const { code, err } = await run(['mcp', 'test'], { KEYWELL_GITLAB_TOKEN: value })
    expect(code).toBe(1)
    expect(err).toContain('Make a new one')
    expect(err).not.toContain(value)
  })

  test('scopes that no tool can use are named', async () => {
    const { code, err } = await run(['mcp', 'test'], {
      KEYWELL_GITLAB_TOKEN: await tokenOf({ scopes: ['read_registry'] }),
    })
    expect(code).toBe(1)
    expect(err).toContain('read_registry')
    expect(err).toContain('read_api')
  })

  test('an instance that is not there is said to be unreachable', async () => {
    const port = await freePort()
    const { code, err } = await run(['mcp', 'test'], {
      KEYWELL_GITLAB_URL: `http://127.0.0.1:${port}`,
      KEYWELL_GITLAB_TOKEN: 'glpat-nowhere',
    })
    expect(code).toBe(1)
    expect(err).toContain(`127.0.0.1:${port} cannot be reached`)
  })
})

describe('settings', () => {
  test('a wrong value stops the start with the name of its variable, and not with a secret', async () => {
    const { code, err } = await run(['mcp'], {
      KEYWELL_GITLAB_TOKEN: 'glpat-hidden',
      KEYWELL_GITLAB_SERVER_MAX_CONNECTIONS: '1000',
      KEYWELL_GITLAB_READ_ONLY: 'perhaps',
    })
    expect(code).toBe(1)
    expect(err).toContain('KEYWELL_GITLAB_SERVER_MAX_CONNECTIONS')
    expect(err).toContain('KEYWELL_GITLAB_READ_ONLY')
    expect(err).not.toContain('glpat-hidden')
  })

  test('without a credential nothing starts', async () => {
    const { code, err } = await run(['mcp'], {})
    expect(code).toBe(1)
    expect(err).toContain('KEYWELL_GITLAB_TOKEN')
  })

  test('certificates are checked unless two places say otherwise', async () => {
    const off = { KEYWELL_GITLAB_TOKEN: await tokenOf(), KEYWELL_GITLAB_VERIFY_SSL: 'false' }
    const refused = await run(['mcp', 'test'], off)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('--insecure')
    expect((await run(['mcp', 'test', '--insecure'], off)).code).toBe(0)
  })

  test('a file of another server works with its prefix; the environment wins over it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keywell-mcp-'))
    const path = join(folder, 'mamba.env')
    writeFileSync(
      path,
      `MAMBA_MCP_GITLAB_URL=${url}\nMAMBA_MCP_GITLAB_TOKEN=${await tokenOf()}\nMAMBA_MCP_GITLAB_READ_ONLY=false\n`,
    )
    const words = ['mcp', 'test', '--env-file', path, '--env-prefix', 'MAMBA_MCP_GITLAB_']
    const { code, out, err } = await run(words, { MAMBA_MCP_GITLAB_READ_ONLY: 'true' })
    expect(code, err).toBe(0)
    expect(out).toContain('read-only')
  })

  verifies('T41:folder-file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keywell-mcp-'))
    const arrived: string[] = []
    const thief = createServer((request, response) => {
      arrived.push(`${request.url} ${request.headers.authorization}`)
      response.end('{}')
    })
    await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void thief.close())
    const { port } = thief.address() as AddressInfo
    const path = join(folder, 'keywell.env')
    writeFileSync(path, `OWN_URL=http://127.0.0.1:${port}\n`)
    const words = ['mcp', 'test', '--env-prefix', 'OWN_']
    for (const name of ['OWN_TOKEN', 'OWN_OAUTH_CLIENT_SECRET']) {
      const own = { [name]: await tokenOf(), OWN_OAUTH_CLIENT_ID: 'x' }
      const { code, err } = await run(words, own, folder)
      expect([code, arrived]).toEqual([1, []])
      expect(err).toContain('OWN_URL')
    }
    // Of a running service it would be the API key.
    writeFileSync(path, `KEYWELL_URL=http://127.0.0.1:${port}\n`)
    for (const name of ['KEYWELL_API_KEY', 'KEYWELL_API_KEY_FILE']) {
      const user = ['mcp', 'test', '--user', 'usr_1', '--tenant', 'ten_1']
      const { err } = await run(user, { [name]: 'kw_live_secret' }, folder)
      expect([err.includes('KEYWELL_URL'), arrived]).toEqual([true, []])
    }
    writeFileSync(path, `OWN_URL=http://127.0.0.1:${port}\n`)
    // Who names it means it.
    await run([...words, '--env-file', path], { OWN_TOKEN: 'glpat-named' }, folder)
    expect(arrived[0]).toContain('glpat-named')
  })

  verifies('T41:terminal', async () => {
    const odd = createServer((request, response) => {
      const isToken = request.url?.includes('personal_access_tokens')
      const token = {
        active: true,
        revoked: false,
        scopes: ['api', '\u001b[2Jx'],
        expires_at: null,
      }
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify(isToken ? token : { id: 1, username: 'ada\u001b]0;x\u0007\u202e' }),
      )
    })
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void odd.close())
    const { port } = odd.address() as AddressInfo
    const { code, out, err } = await run(['mcp', 'test'], {
      KEYWELL_GITLAB_URL: `http://127.0.0.1:${port}`,
      KEYWELL_GITLAB_TOKEN: 'glpat-x',
    })
    expect(code, err).toBe(0)
    expect(out).toContain('user: ada')
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  verifies('T24:terminal', async () => {
    const arrived: string[] = []
    const shared = createServer((request, response) => {
      arrived.push(`${request.url} ${request.headers.authorization ?? 'none'}`)
      const location = request.url?.startsWith('/gitlab/api') ? '/other/app' : undefined
      response.writeHead(location === undefined ? 200 : 302, { ...(location && { location }) })
      response.end('{}')
    })
    await new Promise<void>((resolve) => shared.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void shared.close())
    const { port } = shared.address() as AddressInfo
    const given = { X_URL: `http://127.0.0.1:${port}/gitlab`, X_TOKEN: 'glpat-root' }
    const settings = readSettings(given, 'X_')
    const place = findPlace('gitlab', settings)
    const instance = openInstance(settings)
    onTestFinished(() => instance.close())
    const credential = openCredential({ settings, place, instance, now: Date.now })
    const parts = { place, instance, credential }
    const request = { method: 'GET', path: '/api/v4/user', query: '', body: undefined } as const
    const bounds = { accept: 'json', maxBytes: 1_000, timeoutMs: 5_000, signal: undefined } as const
    await sendAsUser(parts, { ...request, ...bounds, followsMoves: true })
    expect(arrived).toEqual(['/gitlab/api/v4/user Bearer glpat-root', '/other/app none'])
    await sendAsUser(parts, { ...request, ...bounds, followsMoves: false })
    expect(arrived[3]).toBe('/other/app none')
  })

  test('the file keywell.env of the folder is found by itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keywell-mcp-'))
    writeFileSync(join(folder, 'keywell.env'), `KEYWELL_GITLAB_TOKEN=${await tokenOf()}\n`)
    const { code, err } = await run(['mcp', 'test'], {}, folder)
    expect(code, err).toBe(0)
  })
})
