/** Streams of MCP that outlive one answer: what is told, to whom, and how they end. */
import type { CreateMcpToken, McpToken } from '@keywell/protocol'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

vi.setConfig({ testTimeout: 30_000 })

const waits = { timeout: 10_000 }

describeEachDatabase('streams of MCP', (makeDatabase) => {
  let stage: Stage
  let next = 0

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { role: 'serve' })
  })
  afterAll(() => stage.stop())

  type Who = { tenantId: string; userId: string }
  /** By user. */
  const connectionIds = new Map<string, string>()

  async function connected(who: Who, scope = 'api'): Promise<Who> {
    const scopes = [scope] as ['api']
    const { connection } = await stage.connect({
      who,
      session: { scopes: { gitlab: { required: scopes } } },
      flow: { scopes },
    })
    connectionIds.set(who.userId, String(connection?.id))
    return who
  }

  const tenant = () => {
    next += 1
    return `ten_streams_${next}`
  }

  const make = async (who: Who, more: Partial<CreateMcpToken> = {}) =>
    must(
      await stage.call<McpToken>('POST', '/v1/mcp-tokens', { ...who, provider: 'gitlab', ...more }),
      201,
    )

  async function connect(
    { url, token }: Pick<McpToken, 'url' | 'token'>,
    era: '2025-11-25' | '2026-07-28' = '2026-07-28',
  ): Promise<Client> {
    const client = new Client(
      { name: 'test', version: '1' },
      { versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } } },
    )
    const requestInit = { headers: { authorization: `Bearer ${token}` } }
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }))
    onTestFinished(() => client.close())
    return client
  }

  /** Counts what a client is told. */
  async function follow(who: Who) {
    const client = await connect(await make(who))
    const seen = { told: 0 }
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      seen.told += 1
    })
    const subscription = await client.listen({ toolsListChanged: true })
    expect(subscription.honoredFilter).toEqual({ toolsListChanged: true })
    return { client, seen }
  }

  const setPolicy = async (tenantId: string, policy: object) =>
    must(await stage.call('PUT', `/v1/tenants/${tenantId}/policy`, policy), 200)

  verifies('mcp:list-changed', async () => {
    const tenantId = tenant()
    const [ada, grace, stranger] = await Promise.all(
      [tenantId, tenantId, tenant()].map(async (of, index) =>
        follow(await connected({ tenantId: of, userId: `usr_${index}` })),
      ),
    )
    if (ada === undefined || grace === undefined || stranger === undefined) throw new Error('none')
    const counts = () => [ada, grace, stranger].map(({ seen }) => seen.told)
    const names = async () => (await ada.client.listTools()).tools.map(({ name }) => name)
    expect(await names()).toContain('gitlab_issue_create')

    // Other scopes, which the list shows.
    await connected({ tenantId, userId: 'usr_0' }, 'read_api')
    await expect.poll(counts, waits).toEqual([1, 0, 0])
    expect(await names()).not.toContain('gitlab_issue_create')

    // A policy is told to those whose list it changes. What Ada has left changes nothing.
    await setPolicy(tenantId, { readOnly: true })
    await expect.poll(counts, waits).toEqual([1, 1, 0])
    await setPolicy(tenantId, { tools: { gitlab: ['gitlab_issues_list'] } })
    await expect.poll(counts, waits).toEqual([2, 2, 0])
    expect(await names()).toEqual(['gitlab_issues_list'])

    // The connection is gone.
    const query = new URLSearchParams({ tenantId, userId: 'usr_1' })
    const id = connectionIds.get('usr_1')
    must(await stage.call('DELETE', `/v1/connections/${id}?${query}`), 200)
    await expect.poll(counts, waits).toEqual([2, 3, 0])
    expect((await grace.client.listTools()).tools).toEqual([])
  })

  verifies('mcp:subscription-ends', async () => {
    const who = await connected({ tenantId: tenant(), userId: 'usr_1' })
    const made = await make(who)
    const client = await connect(made)
    const open = await Promise.all(
      Array.from({ length: 8 }, () => client.listen({ toolsListChanged: true })),
    )
    // Each is a connection: there is no place for more, until one is given back.
    await expect(client.listen({ toolsListChanged: true })).rejects.toThrow(/8 event streams/)
    await open[0]?.close()
    const listen = () => client.listen({ toolsListChanged: true }).catch(() => undefined)
    await expect.poll(listen, waits).toBeDefined()

    let told = 0
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      told += 1
    })
    const path = `/v1/mcp-tokens/${made.id}?tenantId=${who.tenantId}`
    must(await stage.call('DELETE', path), 200)
    await setPolicy(who.tenantId, { tools: { gitlab: [] } })
    expect(await open[1]?.closed).toBe('graceful')
    expect(told).toBe(0)
  })

  /** A slow provider. */
  async function delayed(ms: number): Promise<void> {
    await stage.sandbox.control.addFault({ endpoint: 'rest', effect: { kind: 'delay', ms } })
    onTestFinished(() => stage.sandbox.control.clearFaults())
  }

  const projects = { name: 'gitlab_projects_list', arguments: {} }
  const outcomes = async ({ tenantId }: Who) => {
    const rows = await stage.database.query<{ result: string }>(
      `select result from audit where tenant_id = $1 and action = 'tool.call' order by id`,
      [tenantId],
    )
    return rows.map(({ result }) => result)
  }

  verifies('mcp:resumed', async () => {
    const who = await connected({ tenantId: tenant(), userId: 'usr_1' })
    const [made, other] = [await make(who), await make(who)]
    await delayed(1_000)
    const ask = ({ token }: McpToken, init: RequestInit & { headers?: object }) =>
      fetch(made.url, {
        ...init,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          'mcp-protocol-version': '2025-11-25',
          ...init.headers,
        },
      })
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: projects })
    const broken = new AbortController()
    const answer = await ask(made, { method: 'POST', body, signal: broken.signal })
    const first = await answer.body?.getReader().read()
    const [, id = ''] = /^id: (.+)$/m.exec(new TextDecoder().decode(first?.value)) ?? []
    expect(id).not.toBe('')
    broken.abort()

    const again = await ask(made, { method: 'GET', headers: { 'last-event-id': id } })
    expect(await again.text()).toContain('structuredContent')
    // Once more, from the end.
    const late = await ask(made, { method: 'GET', headers: { 'last-event-id': id } })
    expect(await late.text()).toContain('structuredContent')
    expect(await outcomes(who)).toEqual(['intent', 'ok'])
    // Of another token, or of none.
    const foreign = await ask(other, { method: 'GET', headers: { 'last-event-id': id } })
    expect(foreign.status).toBe(404)
    const unknown = await ask(made, { method: 'GET', headers: { 'last-event-id': 'none_1' } })
    expect(unknown.status).toBe(404)
  })

  for (const era of ['2025-11-25', '2026-07-28'] as const) {
    verifies('mcp:cancelled', async () => {
      const who = await connected({ tenantId: tenant(), userId: 'usr_1' })
      await delayed(15_000)
      const client = await connect(await make(who), era)
      const stop = new AbortController()
      const call = client.callTool(projects, { signal: stop.signal })
      call.catch(() => {})
      await expect.poll(() => outcomes(who), waits).toEqual(['intent'])
      stop.abort()
      await expect(call).rejects.toThrow()
      await expect.poll(() => outcomes(who), { timeout: 8_000 }).toHaveLength(2)
    })
  }
})
