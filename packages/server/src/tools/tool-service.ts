import type { ListScopedTools, ScopedToolList, ToolAnswer } from '@keywell/protocol'
import { createPlaceMemory, createRateLimit, executeTool, type ToolCall } from '@keywell/tools'
import { type ListParts, listScopedTools } from './list-tools.ts'
import { createPorts, type PortParts } from './ports.ts'
import type { ToolUser } from './tool-user.ts'

/** Tools as a user: behind the routes, and behind every other way for agents. */
export interface ToolService {
  listScoped(
    user: ToolUser,
    query: Pick<ListScopedTools, 'filter' | 'includeUnavailable' | 'pageSize' | 'pageToken'>,
  ): Promise<ScopedToolList>
  /** @throws KeywellError whose `tool` says why the call failed */
  execute(user: ToolUser, call: ToolCall): Promise<ToolAnswer>
}

export type ToolServiceParts = ListParts &
  Omit<PortParts, 'rateLimit' | 'placeMemory'> & {
    /** Milliseconds of a clock that never goes back. */
    monotonic: () => number
  }

export function createToolService(parts: ToolServiceParts): ToolService {
  const shared: PortParts = {
    ...parts,
    rateLimit: createRateLimit(parts.monotonic),
    placeMemory: createPlaceMemory(),
  }
  return {
    listScoped: (user, query) => listScopedTools(parts, user, query),
    async execute(user, call) {
      const { truncated, warnings, ...result } = await executeTool(
        createPorts(shared, user, call.tool),
        call,
      )
      return {
        ...result,
        ...(truncated && { truncated }),
        ...(warnings && { warnings: [...warnings] }),
      }
    },
  }
}
