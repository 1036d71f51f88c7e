/** Frameworks for agents speak MCP with the service by their own clients. */
import { Keywell } from '@keywell/sdk'
import { MultiServerMCPClient } from '@langchain/mcp-adapters'
import { MCPServerStreamableHttp } from '@openai/agents'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import type { TestDatabase } from './support/inspected.ts'
import { createStage, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const who = { tenantId: 'ten_frameworks', userId: 'usr_ada' }
const tool = 'gitlab_issues_list'
const given = { project_id: 'lighthouse/webshop', per_page: 2 }

let database: TestDatabase
let stage: Stage
let keywell: Keywell

beforeAll(async () => {
  database = await openEmbedded()
  stage = await createStage(database)
  keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
  await stage.connect({ who })
})
afterAll(async () => {
  keywell.close()
  await stage.stop()
  await database.close()
})

/** Where the agent goes, and with what. */
async function endpoint(): Promise<{ url: string; headers: Record<string, string> }> {
  const made = await keywell.tools.mcpTokens.create({ ...who, provider: 'gitlab', readOnly: true })
  onTestFinished(async () => {
    const revoked = { tenantId: who.tenantId, mcpTokenId: made.id }
    expect(await keywell.tools.mcpTokens.revoke(revoked)).toEqual({ id: made.id, revoked: true })
    const late = await fetch(made.url, { method: 'POST', headers: bearer(made.token) })
    expect(late.status).toBe(401)
  })
  return { url: made.url, headers: bearer(made.token) }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

verifies.suite('mcp:frameworks', () => {
  test('OpenAI Agents', async () => {
    const { url, headers } = await endpoint()
    const server = new MCPServerStreamableHttp({ url, requestInit: { headers } })
    await server.connect()
    onTestFinished(() => server.close())
    const names = (await server.listTools()).map(({ name }) => name)
    expect(names).toContain(tool)
    // The token is for reading.
    expect(names).not.toContain('gitlab_issue_create')
    expect(JSON.stringify(await server.callTool(tool, given))).toContain('webshop')
  })

  test('LangChain', async () => {
    const gitlab = { transport: 'http' as const, ...(await endpoint()) }
    const client = new MultiServerMCPClient({ mcpServers: { gitlab } })
    onTestFinished(() => client.close())
    const found = (await client.getTools()).find(({ name }) => name === tool)
    expect(JSON.stringify(await found?.invoke(given))).toContain('webshop')
  })
})
