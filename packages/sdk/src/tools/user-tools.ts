import type { ScopedToolList, ToolView } from '@keywell/protocol'
import type { List } from '../list.ts'
import type { CallOptions } from '../service.ts'
import type { ExecuteOptions, ListScoped, ToolArguments, ToolPage, ToolResult } from './calls.ts'
import type { Tools } from './tools.ts'

/** What an agent may do as one user; see `Tools`. The adapters for agent frameworks take it. */
export class UserTools {
  readonly #tools: Tools
  readonly #owner: { readonly tenantId: string; readonly userId: string }

  constructor(tools: Tools, owner: { readonly tenantId: string; readonly userId: string }) {
    this.#tools = tools
    this.#owner = { tenantId: owner.tenantId, userId: owner.userId }
  }

  /** See `Tools.listAvailable`. */
  listAvailable(page?: ToolPage, options?: CallOptions): List<ToolView, ScopedToolList> {
    return this.#tools.listAvailable(this.#owner, page, options)
  }

  /** See `Tools.listScoped`. */
  listScoped(query: ListScoped, options?: CallOptions): List<ToolView, ScopedToolList> {
    return this.#tools.listScoped(this.#owner, query, options)
  }

  /** See `Tools.execute`. */
  async execute<Data = unknown>(
    tool: string,
    args: ToolArguments,
    options: ExecuteOptions = {},
  ): Promise<ToolResult<Data>> {
    return this.#tools.execute<Data>(tool, args, { ...options, ...this.#owner })
  }
}
