/** The tools of one user as the service has them, narrowed by the options of this server. */
import { isKeywellError, type ScopedToolList, type ToolView } from '@keywell/protocol'
import type { Keywell, ToolOwner } from '@keywell/sdk'
import { findTool, listTools, refuseByPolicy, type ToolPolicy } from '@keywell/tools'
import { type McpTools, mcpToolOf } from '@keywell/tools/mcp'
import type { Log } from './log.ts'
import type { Choice } from './profiles.ts'
import type { ServerSettings } from './settings.ts'

/** For the audit log of the service. */
const agent = 'keywell mcp'

export interface ServiceConnection {
  readonly keywell: Keywell
  /** Address of the service, to be named in checks. */
  readonly url: string
  readonly owner: Extract<ToolOwner, { readonly userId: string }>
  readonly provider: string
  /** Undefined: the one named `default`, else the only one. */
  readonly connectionName: string | undefined
}

/** It narrows; the tenant's own policy is the service's to hold. */
export type Narrowing = Pick<ToolPolicy, 'denied' | 'readOnly' | 'readOnlyBy'> & {
  readonly names: readonly string[]
}

export function policyOf(
  provider: string,
  settings: ServerSettings,
  { profile, names }: Partial<Choice> = {},
): Narrowing {
  const own = listTools(provider).map(({ name }) => name)
  return {
    names: names === undefined ? own : own.filter((name) => names.includes(name)),
    denied: [],
    readOnly: settings.readOnly || profile === 'read',
    readOnlyBy: settings.readOnly ? settings.readOnlyBy : '--profile read',
  }
}

export interface ScopedTools {
  readonly tools: readonly ToolView[]
  /** Why there is none; undefined where there are some. */
  readonly problem: ScopedToolList['unavailable'][number] | undefined
}

/** What the user can run now. @throws KeywellError */
export async function scopedTools(
  { keywell, owner, connectionName, provider }: ServiceConnection,
  { names, readOnly }: Narrowing,
): Promise<ScopedTools> {
  const filter = {
    providers: [provider],
    toolNames: [...names],
    ...(readOnly && { effect: 'read' as const }),
    ...(connectionName !== undefined && { connectionNames: [`${provider}/${connectionName}`] }),
  }
  const tools: ToolView[] = []
  let problem: ScopedTools['problem']
  for await (const page of keywell.tools.listScoped(owner, { filter, pageSize: 200 }).pages()) {
    tools.push(...page.tools)
    // Of the readers, where only those are asked for: another is absent for its effect.
    problem ??= page.unavailable.find(({ name }) => !readOnly || findTool(name)?.effect === 'read')
  }
  return { tools, problem: tools.length > 0 ? undefined : problem }
}

export function createServiceTools(
  connection: ServiceConnection,
  { policy, log }: { readonly policy: Narrowing; readonly log: Log },
): McpTools {
  const { keywell, owner, connectionName } = connection
  return {
    list: async () => (await scopedTools(connection, policy)).tools.map(mcpToolOf),
    async call({ name, arguments: given, approvalId, signal }) {
      // What this version does not know is not among the names.
      refuseByPolicy(findTool(name) ?? { name: name.slice(0, 100), effect: 'destroy' }, policy)
      try {
        const options = { ...owner, connectionName, approvalId, signal, agent }
        const { executionId, ...structured } = await keywell.tools.execute(name, given, options)
        log.info('tool called', { tool: name, executionId })
        return { structured, executionId }
      } catch (error) {
        if (isKeywellError(error))
          log.info('tool failed', { tool: name, code: error.tool?.code ?? error.code })
        throw error
      }
    },
  }
}
