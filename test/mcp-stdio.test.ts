/** `keywell mcp` as a process of its own on a connection of a running service: it has an API key, and no token of a user. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { freePort } from './support/free-port.ts'
import type { TestDatabase } from './support/inspected.ts'
import { runnable } from './support/runnable.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const main = join(import.meta.dirname, '../packages/cli/src/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'keywell-mcp-'))
const who = { tenantId: 'ten_stdio', userId: 'usr_ada' }
const words = ['--tenant', who.tenantId, '--user', who.userId]
const project = { project_id: 'lighthouse/webshop' }

let database: TestDatabase
let stage: Stage
/** Of the provider: no process but the service may have it. */
let credential: string

beforeAll(async () => {
  database = await openEmbedded()
  stage = await createStage(database, { approvalUrl: 'https://app.example/approve' })
  const scopes = ['api'] as ['api']
  await stage.connect({
    who,
    session: { scopes: { gitlab: { required: scopes } } },
    flow: { scopes },
  })
  credential = String((await stage.read(who)).body.credential)
})
afterAll(async () => {
  await stage.stop()
  await database.close()
})

/** How the program is started, and with which environment. */
function program(more: readonly string[], variables: Record<string, string> = {}) {
  const { flags, main: file } = runnable(main)
  const { PATH = '' } = process.env
  return {
    args: [...flags, file, 'mcp', ...more],
    env: {
      PATH,
      HOME: folder,
      KEYWELL_URL: stage.url,
      KEYWELL_API_KEY: stage.apiKey,
      ...variables,
    },
  }
}

/** A client of the program, and what the program wrote to its log. */
async function connect(more: readonly string[], variables?: Record<string, string>) {
  const { args, env } = program(['--profile', 'full', ...words, ...more], variables)
  const command = process.execPath
  const transport = new StdioClientTransport({ command, args, env, stderr: 'pipe' })
  let log = ''
  transport.stderr?.on('data', (chunk) => {
    log += String(chunk)
  })
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return { client, log: () => log }
}

/** A command to its end. */
async function run(more: readonly string[], variables?: Record<string, string>) {
  const { args, env } = program(more, variables)
  const child = spawn(process.execPath, args, { cwd: folder, env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk)
    })
  }
  const [code] = await once(child, 'close')
  return { code, output }
}

function errorOf(result: { content: unknown }): Record<string, unknown> {
  const [first] = result.content as { text: string }[]
  return JSON.parse(first?.text ?? '{}')
}

verifies.suite('mcp:stdio-service', () => {
  test('a client lists the tools of the connection, and the service runs them', async () => {
    const { client, log } = await connect([])
    const { tools } = await client.listTools()
    expect(tools).toHaveLength(110)
    const listed = await client.callTool({ name: 'gitlab_issues_list', arguments: project })
    const { data } = listed.structuredContent as { data: { title: string }[] }
    const title = `Follows ${data[0]?.title}`
    const made = await client.callTool({
      name: 'gitlab_issue_create',
      arguments: { ...project, title },
    })
    expect(made.structuredContent).toMatchObject({ data: { title } })
    await expect.poll(log).toContain('gitlab_issue_create')
    for (const secret of [credential, stage.apiKey]) {
      expect(JSON.stringify([tools, listed, made]) + log()).not.toContain(secret)
    }
    const entries = await stage.call<{ entries: { action: string }[] }>(
      'GET',
      `/v1/audit?tenantId=${who.tenantId}&userId=${who.userId}`,
    )
    expect(JSON.stringify(entries.body)).toContain('gitlab_issue_create')
  })

  test('a person approves what deletes, by the service', async () => {
    const { client } = await connect([])
    const made = await client.callTool({
      name: 'gitlab_issue_create',
      arguments: { ...project, title: 'To be deleted' },
    })
    const { iid } = (made.structuredContent as { data: { iid: number } }).data
    const removal = { ...project, issue_iid: iid }
    const name = 'gitlab_issue_delete'
    const refused = errorOf(await client.callTool({ name, arguments: removal }))
    expect(refused).toMatchObject({ code: 'APPROVAL_REQUIRED', approval_id: expect.any(String) })
    expect(refused.approval_url).toContain('https://app.example/approve')
    const id = String(refused.approval_id)
    const decision = { tenantId: who.tenantId, decision: 'approve', decidedBy: who.userId }
    must(await stage.call('POST', `/v1/approvals/${id}/decision`, decision), 200)
    const repeated = await client.callTool({
      name,
      arguments: { ...removal, keywell_approval_id: id },
    })
    expect(repeated.isError, JSON.stringify(repeated)).toBeFalsy()
  })

  test('read-only mode and --tools stop calls before the service hears of them', async () => {
    const executed = async () => {
      const found = await database.query<{ count: string }>(
        `select count(*) as count from audit where tenant_id = $1 and action like 'tool.%'`,
        [who.tenantId],
      )
      return Number(found[0]?.count)
    }
    const before = await executed()
    const variables = { KEYWELL_GITLAB_READ_ONLY: 'true' }
    const { client } = await connect(
      ['--tools', 'gitlab_issues_list,gitlab_issue_create'],
      variables,
    )
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['gitlab_issues_list'])
    const call = async (name: string) =>
      errorOf(await client.callTool({ name, arguments: project }))
    expect(await call('gitlab_issue_create')).toMatchObject({ code: 'READ_ONLY' })
    expect(await call('gitlab_project_get')).toMatchObject({ code: 'TOOL_NOT_ALLOWED' })
    expect(await call('github_issues_list')).toMatchObject({ error: true })
    expect(await executed()).toBe(before)
  })

  test('the compact profile is the default', async () => {
    const { client } = await connect(['--profile', 'compact'])
    expect((await client.listTools()).tools).toHaveLength(18)
    const listed = await client.callTool({ name: 'list_issues', arguments: project })
    expect(listed.structuredContent).toMatchObject({ items: expect.any(Array), page: 1 })
  })
})

verifies.suite('mcp:stdio-service-checks', () => {
  test('a connection that stands', async () => {
    const { code, output } = await run(['test', ...words])
    expect(code, output).toBe(0)
    expect(output).toContain(`${stage.url} answers`)
    expect(output).toContain('user: usr_ada of ten_stdio, connection default')
    expect(output).toContain('110 tools')
    expect(output).not.toContain(stage.apiKey)
  })

  test('a user without a connection gets the address that connects, and nothing starts', async () => {
    const stranger = ['--tenant', who.tenantId, '--user', 'usr_stranger']
    for (const command of [['test'], []]) {
      const { code, output } = await run([...command, ...stranger])
      expect(code).toBe(1)
      expect(output).toContain('no connection default to GitLab of usr_stranger')
      expect(output).toContain('https://app.example/settings')
    }
  })

  test('another name than that of the connection', async () => {
    const { code, output } = await run(['test', ...words, '--connection', 'work'])
    expect(code).toBe(1)
    expect(output).toContain('no connection work to GitLab')
  })

  test('a key that the service does not know', async () => {
    const key = `${stage.apiKey.slice(0, -4)}AAAA`
    const { code, output } = await run(['test', ...words], { KEYWELL_API_KEY: key })
    expect(code).toBe(1)
    expect(output).toContain('Send a valid key')
    expect(output).not.toContain(key)
  })

  test('a service that is away', async () => {
    const KEYWELL_URL = `http://127.0.0.1:${await freePort()}`
    const { code, output } = await run(['test', ...words], { KEYWELL_URL })
    expect(code).toBe(1)
    expect(output).toContain(KEYWELL_URL)
  })

  test.each([
    ['no user', ['--connection', 'work'], {}, '--user'],
    ['no tenant', ['--user', 'usr_ada'], {}, 'KEYWELL_TENANT_ID'],
    ['no address', words, { KEYWELL_URL: '' }, 'KEYWELL_URL'],
    ['no key', words, { KEYWELL_API_KEY: '' }, 'KEYWELL_API_KEY'],
  ])('%s', async (_, more, variables, named) => {
    const { code, output } = await run(['test', ...more], variables)
    expect(code).toBe(1)
    expect(output).toContain(named)
  })
})
