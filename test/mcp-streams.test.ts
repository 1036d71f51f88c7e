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

  async function connect({ url, token }: Pick<McpToken, 'url' | 'token'>): Promise<Client> {
    const client = new Client(
      { name: 'test', version: '1' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
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
})
