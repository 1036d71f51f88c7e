/** MCP of the service: the official client over real sockets, two users, and every refusal. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import type { CreateMcpToken, McpToken, Problem } from '@keywell/protocol'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const eras = ['2025-11-25', '2026-07-28'] as const
const issues = { name: 'gitlab_issues_list', arguments: { project_id: 'lighthouse/webshop' } }

describeEachDatabase('mcp', (makeDatabase) => {
  let stage: Stage
  let next = 0
  /** By which the service's clock is fast. */
  let aheadMs = 0

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), {
      role: 'serve',
      now: () => Date.now() + aheadMs,
      approvalUrl: 'https://app.example/approve',
      connectUrl: 'https://app.example/connect',
      mcp: { authorizationServers: ['https://login.example'] },
    })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  type Who = { tenantId: string; userId: string }

  function somebody(): Who {
    next += 1
    return { tenantId: `ten_mcp_${next}`, userId: `usr_${next}` }
  }

  async function connected(as = 'ada', scope = 'api'): Promise<{ who: Who; credential: string }> {
    const who = somebody()
    const scopes = [scope] as ['api']
    await stage.connect({
      who,
      as,
      session: { scopes: { gitlab: { required: scopes } } },
      flow: { scopes },
    })
    const { body } = await stage.read(who)
    await stage.calm()
    return { who, credential: String(body.credential) }
  }

  const make = (who: Who, more: Partial<CreateMcpToken> = {}) =>
    stage.call<McpToken>('POST', '/v1/mcp-tokens', { ...who, provider: 'gitlab', ...more })

  /** A request as it is, and its answer. */
  const post = (url: string, headers: Record<string, string>, body: object = listTools) =>
    fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify(body),
    })
  const listTools = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  async function connect(
    { url, token }: Pick<McpToken, 'url' | 'token'>,
    { era = '2026-07-28', query = '', capabilities = {} }: ClientSetting = {},
  ): Promise<Client> {
    const client = new Client(
      { name: 'test', version: '1' },
      {
        capabilities,
        versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } },
      },
    )
    const requestInit = { headers: bearer(token) }
    await client.connect(new StreamableHTTPClientTransport(new URL(url + query), { requestInit }))
    onTestFinished(() => client.close())
    return client
  }
  interface ClientSetting {
    era?: (typeof eras)[number]
    query?: string
    capabilities?: object
  }

  const errorOf = (result: { content: unknown }): Record<string, unknown> => {
    const [first] = result.content as { text: string }[]
    return JSON.parse(first?.text ?? '{}')
  }
  const namesOf = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name)

  for (const era of eras) {
    verifies('mcp:served', async () => {
      const { who, credential } = await connected()
      const made = must(await make(who), 201)
      const client = await connect(made, { era })
      const { tools } = await client.listTools()
      expect(tools.length).toBeGreaterThan(50)
      expect(tools[0]).toMatchObject({
        inputSchema: { type: 'object' },
        outputSchema: { type: 'object' },
        annotations: { openWorldHint: true },
      })
      expect(await namesOf(client)).toEqual(tools.map(({ name }) => name))
      const result = await client.callTool(issues)
      expect(result.isError, JSON.stringify(result)).toBeFalsy()
      expect((result.structuredContent as { data: unknown[] }).data.length).toBeGreaterThan(0)
      expect(JSON.stringify([tools, result])).not.toContain(credential)
      const entries = await stage.database.query<{
        actor: string
        result: string
        client: string | null
      }>(
        `select actor, result, call ->> 'client' as client from audit where tenant_id = $1 and action = 'tool.call' order by id`,
        [who.tenantId],
      )
      // Before 2026-07-28 a client says its name once, and no session keeps it.
      const named = era === '2025-11-25' ? null : 'test'
      expect(entries).toEqual([
        { actor: `mcp:${made.id}`, result: 'intent', client: named },
        { actor: `mcp:${made.id}`, result: 'ok', client: named },
      ])
    })
  }

  verifies('mcp:narrowed', async () => {
    const { who } = await connected()
    const readOnly = await connect(must(await make(who, { readOnly: true }), 201))
    expect(await namesOf(readOnly)).not.toContain('gitlab_issue_create')
    const create = { name: 'gitlab_issue_create', arguments: { project_id: 1, title: 'x' } }
    expect(errorOf(await readOnly.callTool(create))).toMatchObject({ code: 'READ_ONLY' })

    const made = must(await make(who, { tools: ['gitlab_issues_list', 'gitlab_issue_get'] }), 201)
    const query = '?tools=gitlab_issues_list,gitlab_projects_list'
    const narrow = await connect(made, { query })
    expect(await namesOf(narrow)).toEqual(['gitlab_issues_list'])
    const outside = await narrow.callTool({ name: 'gitlab_projects_list', arguments: {} })
    expect(errorOf(outside)).toMatchObject({ code: 'TOOL_NOT_ALLOWED' })

    const all = must(await make(who), 201)
    expect(await namesOf(await connect(all, { query: '?profile=read' }))).not.toContain(create.name)
    expect(await namesOf(await connect(all, { query: '?profile=search' }))).toEqual([
      'search_tools',
      'run_tool',
    ])
    expect(await namesOf(await connect(all, { query: '?profile=compact' }))).toContain('list_mrs')
    const unknown = await post(`${all.url}?profile=everything`, bearer(all.token))
    expect(unknown.status).toBe(400)
  })

  verifies('T39:url-names-no-tool', async () => {
    const { who } = await connected()
    const limitedTo = (more: object) =>
      stage.call('PUT', `/v1/tenants/${who.tenantId}/policy`, {
        toolRules: { gitlab: { places: { project: ['lighthouse/webshop'] } } },
        ...more,
      })
    must(await limitedTo({}), 200)
    const everywhere = { name: 'gitlab_projects_list', arguments: {} }
    const byToken = { tools: [issues.name, everywhere.name] }
    for (const [more, query] of [
      [{}, ''],
      [{}, `?tools=${everywhere.name}`],
      [byToken, ''],
      [byToken, `?tools=${everywhere.name}`],
    ] as const) {
      const client = await connect(must(await make(who, more), 201), { query })
      const refused = await client.callTool(everywhere)
      expect(errorOf(refused)).toMatchObject({ code: 'TOOL_NOT_ALLOWED' })
    }
    must(await limitedTo({ tools: { gitlab: [everywhere.name] } }), 200)
    const client = await connect(must(await make(who), 201))
    expect((await client.callTool(everywhere)).isError).toBeFalsy()
  })

  verifies('T32:audience', async () => {
    const { who, credential } = await connected()
    const made = must(await make(who), 201)
    const other = made.url.replace('/mcp/gitlab', '/mcp/github')
    expect((await post(made.url, bearer(made.token))).status).not.toBe(401)
    expect((await post(other, bearer(made.token))).status).toBe(401)
    // An API key, a connect token, and the provider's own token.
    const { connectToken } = await stage.session({ ...who })
    for (const token of [stage.apiKey, connectToken, credential, `${made.token}x`, 'none']) {
      const answer = await post(made.url, bearer(token))
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    }
    // It is no API key, and approves nothing.
    for (const path of ['/v1/connections', '/v1/approvals', '/v1/credentials']) {
      const answer = await fetch(`${stage.url}${path}?tenantId=${who.tenantId}`, {
        headers: bearer(made.token),
      })
      expect(answer.status).toBe(401)
    }
  })

  verifies('T32:passthrough', async () => {
    const { who } = await connected()
    const made = must(await make(who), 201)
    const client = await connect(made)
    const fault = await stage.sandbox.control
      .addFault({
        endpoint: 'rest',
        effect: { kind: 'respond', status: 500, body: { message: 'no' } } as never,
      })
      .catch(() => undefined)
    const result = await client.callTool(issues)
    if (fault !== undefined) await stage.sandbox.control.clearFaults()
    expect(JSON.stringify(result)).not.toContain(made.token)
    expect(stage.logs.join('\n')).not.toContain(made.token)
  })

  verifies('T32:header-only', async () => {
    const { who } = await connected()
    const made = must(await make(who), 201)
    for (const name of ['token', 'access_token']) {
      expect((await post(`${made.url}?${name}=${made.token}`, {})).status).toBe(401)
      // Neither beside a right one.
      expect((await post(`${made.url}?${name}=x`, bearer(made.token))).status).toBe(400)
    }
  })

  verifies('T32:origin', async () => {
    const { who } = await connected()
    const made = must(await make(who), 201)
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
      const answer = await post(made.url, { ...bearer(made.token), origin })
      expect(answer.status).toBe(403)
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  verifies('T32:host', async () => {
    const { who } = await connected()
    const made = must(await make(who), 201)
    const own = new URL(made.url)
    /** `fetch` has no say in its `Host`. */
    async function ask(host: string, path = own.pathname, headers = bearer(made.token)) {
      const sent = request(made.url, {
        method: 'POST',
        path,
        headers: {
          host,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...headers,
        },
      })
      sent.end(JSON.stringify(listTools))
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      return answer
    }
    expect((await ask(own.host)).statusCode).toBe(200)
    const foreign = [
      'evil.example',
      `evil.example:${own.port}`,
      own.hostname,
      `localhost:${own.port}`,
    ]
    for (const host of foreign) {
      const answer = await ask(host)
      expect(answer.statusCode, host).toBe(403)
      expect(await json(answer)).toMatchObject({ code: 'origin_not_allowed' })
      // Neither before the token is looked at, nor by any other word of the request.
      expect((await ask(host, own.pathname, bearer('none'))).statusCode).toBe(403)
      expect((await ask(host, made.url)).statusCode).toBe(403)
      const forwarded = { ...bearer(made.token), 'x-forwarded-host': own.host }
      expect((await ask(host, own.pathname, forwarded)).statusCode).toBe(403)
    }
  })

  verifies('T32:revoked', async () => {
    const { who } = await connected()
    const made = must(await make(who), 201)
    const status = async () => (await post(made.url, bearer(made.token))).status
    expect(await status()).not.toBe(401)
    const path = `/v1/mcp-tokens/${made.id}`
    const foreign = await stage.call<Problem>('DELETE', `${path}?tenantId=ten_other`)
    expect(foreign.status).toBe(404)
    expect(await status()).not.toBe(401)
    must(await stage.call('DELETE', `${path}?tenantId=${who.tenantId}`), 200)
    expect(await status()).toBe(401)

    const ended = must(await make(who), 201)
    await stage.database.query(
      `update mcp_tokens set expires_at = now() where tenant_id = $1 and id = $2`,
      [who.tenantId, ended.id],
    )
    expect((await post(ended.url, bearer(ended.token))).status).toBe(401)

    // By the service's clock, while the row still stands.
    const short = must(await make(who, { expiresInSeconds: 300 }), 201)
    onTestFinished(() => {
      aheadMs = 0
    })
    aheadMs = 270_000
    expect((await post(short.url, bearer(short.token))).status).not.toBe(401)
    aheadMs = 301_000
    expect((await post(short.url, bearer(short.token))).status).toBe(401)
    const later = must(await make(who, { expiresInSeconds: 300 }), 201)
    expect((await post(later.url, bearer(later.token))).status).not.toBe(401)
  })

  verifies('T35:mcp-tokens', async () => {
    const { who } = await connected()
    const made = must(await make(who), 201)
    const status = async (token: string) => (await post(made.url, bearer(token))).status
    // The row of a token that nobody has signed, and one with other claims under the old signature.
    const [head = '', body = '', signature = ''] = made.token.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    for (const changed of [
      { user: 'usr_victim' },
      { jti: 'mcp_planted' },
      { exp: claims.exp + 60 },
    ]) {
      const altered = Buffer.from(JSON.stringify({ ...claims, ...changed })).toString('base64url')
      await stage.database.query(
        `insert into mcp_tokens (tenant_id, id, api_key_id, expires_at)
         select tenant_id, 'mcp_planted', api_key_id, expires_at from mcp_tokens
         where tenant_id = $1 on conflict do nothing`,
        [who.tenantId],
      )
      expect(await status(`${head}.${altered}.${signature}`)).toBe(401)
    }
    await stage.database.query(`update mcp_tokens set tenant_id = 'ten_thief' where id = $1`, [
      made.id,
    ])
    expect(await status(made.token)).toBe(401)
  })

  verifies('T32:with-its-key', async () => {
    const { who } = await connected()
    type Key = { id: string; key: string }
    const request = { name: 'agents', roles: ['backend'] }
    const key = must(await stage.call<Key>('POST', '/v1/api-keys', request), 201)
    const answer = await fetch(`${stage.url}/v1/mcp-tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(key.key) },
      body: JSON.stringify({ ...who, provider: 'gitlab' }),
    })
    const made = (await answer.json()) as McpToken
    expect((await post(made.url, bearer(made.token))).status).not.toBe(401)
    must(await stage.call('DELETE', `/v1/api-keys/${key.id}`), 200)
    expect((await post(made.url, bearer(made.token))).status).toBe(401)
  })

  verifies('T32:two-users', async () => {
    const ada = await connected('ada')
    const grace = await connected('grace')
    const nobody = somebody()
    const clients = await Promise.all(
      [ada.who, grace.who, nobody].map(async (who) => connect(must(await make(who), 201))),
    )
    const [first, second, stranger] = clients
    const seen = await Promise.all(
      [first, second].flatMap((client) =>
        Array.from({ length: 15 }, async () => {
          const result = await client?.callTool({ name: 'gitlab_current_user_get', arguments: {} })
          return result?.structuredContent as { data: { username: string } } | undefined
        }),
      ),
    )
    const names = seen.map((each) => each?.data.username)
    expect(names).toEqual([...Array(15).fill('ada'), ...Array(15).fill('grace')])
    // Who has connected nothing has no tools, and learns how to connect.
    expect((await stranger?.listTools())?.tools).toEqual([])
    const refused = await stranger?.callTool(issues)
    expect(errorOf(refused as never)).toMatchObject({ code: 'NOT_CONNECTED' })
    expect(JSON.stringify(refused)).toContain('https://app.example/connect')
  })

  verifies('mcp:asks-the-person', async () => {
    const { who } = await connected()
    const made = must(await make(who), 201)
    const client = await connect(made, { capabilities: { elicitation: { url: {} } } })
    const opened: string[] = []
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      const { url } = params as { url: string }
      opened.push(url)
      const approvalId = new URL(url).searchParams.get('approvalId')
      const decision = { tenantId: who.tenantId, decision: 'approve', decidedBy: 'usr_boss' }
      must(await stage.call('POST', `/v1/approvals/${approvalId}/decision`, decision), 200)
      return { action: 'accept' }
    })
    const listed = await client.callTool(issues)
    const { data } = listed.structuredContent as { data: { iid: number }[] }
    const arguments_ = { ...issues.arguments, issue_iid: data[0]?.iid }
    const result = await client.callTool({ name: 'gitlab_issue_delete', arguments: arguments_ })
    expect(opened).toHaveLength(1)
    expect(opened[0]).toContain('https://app.example/approve')
    expect(errorOf(result as never).code ?? 'ok').not.toBe('APPROVAL_REQUIRED')
  })

  verifies('mcp:metadata', async () => {
    const { who } = await connected()
    const made = must(await make(who), 201)
    const refused = await post(made.url, {})
    expect(refused.status).toBe(401)
    const [, address = ''] =
      /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? []
    expect(new URL(address).pathname).toBe('/.well-known/oauth-protected-resource/mcp/gitlab')
    const answer = await fetch(address)
    expect(await answer.json()).toEqual({
      resource: made.url,
      authorization_servers: ['https://login.example'],
      bearer_methods_supported: ['header'],
    })
  })
})
