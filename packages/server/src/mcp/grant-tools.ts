/** The tools of one token, in the profile that its client chose. */
import type { ScopedToolList } from '@keywell/protocol'
import {
  compactTools,
  type McpTool,
  type McpTools,
  mcpToolOf,
  searchedTools,
} from '@keywell/tools/mcp'
import type { RequestActor } from '../audit/actor.ts'
import type { ToolService } from '../tools/tool-service.ts'
import type { ToolUser } from '../tools/tool-user.ts'
import type { Choice } from './choice.ts'
import type { McpGrant } from './tokens.ts'

const pageSize = 200
/** Of a client's name, in the audit log. */
const maxClientCharacters = 100

export function grantTools(
  service: ToolService,
  grant: McpGrant,
  choice: Choice,
  caller: RequestActor,
): McpTools {
  return inProfile(toolsOf(service, grant, choice, caller), choice, grant)
}

function inProfile(tools: McpTools, { profile }: Choice, { provider }: McpGrant): McpTools {
  switch (profile) {
    case 'compact':
      return compactTools(tools, { provider, defaultPlaces: {} })
    case 'search':
      return searchedTools(tools)
    case 'full':
    case 'read':
      return tools
    default:
      profile satisfies never
      throw new TypeError('unreachable')
  }
}

function toolsOf(
  service: ToolService,
  grant: McpGrant,
  choice: Choice,
  caller: RequestActor,
): McpTools {
  const { tenantId, userId, host, provider } = grant
  const { connectionName, tools, readOnly } = choice
  const user: ToolUser = {
    tenantId,
    userId,
    host,
    connectionName,
    tools,
    readOnly,
    ...caller,
    providers: [provider],
  }
  return {
    list: () => listAll(service, user, provider),
    async call({ name, arguments: given, approvalId, client, signal }) {
      const caller = { ...user, client: client?.slice(0, maxClientCharacters) }
      const { executionId, ...structured } = await service.execute(caller, {
        tool: name,
        arguments: given,
        approvalId,
        signal,
      })
      return { structured, executionId }
    },
  }
}

/** All pages: clients of MCP show a model everything at once. */
async function listAll(
  service: ToolService,
  user: ToolUser,
  provider: string,
): Promise<readonly McpTool[]> {
  const filter = {
    providers: [provider],
    ...(user.tools !== undefined && { toolNames: [...user.tools] }),
    ...(user.connectionName !== undefined && {
      connectionNames: [`${provider}/${user.connectionName}`],
    }),
    ...(user.readOnly && { effect: 'read' as const }),
  }
  const found: ScopedToolList['tools'] = []
  let pageToken: string | undefined
  do {
    const page = await service.listScoped(user, {
      filter,
      pageSize,
      ...(pageToken !== undefined && { pageToken }),
    })
    found.push(...page.tools)
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
  return found.map(mcpToolOf)
}
