import {
  type ProviderResponse,
  planScopes,
  routes,
  type ScopedToolList,
  type ScopePlan,
  type ToolList,
  type ToolView,
} from '@keywell/protocol'
import { List } from '../list.ts'
import type { CallOptions, Service } from '../service.ts'
import { Approvals } from './approvals.ts'
import {
  boundsOf,
  type ExecuteOptions,
  type ListScoped,
  ownerOf,
  type RequestOptions,
  type RequestQuery,
  type ToolArguments,
  type ToolFilter,
  type ToolIdentifier,
  type ToolOwner,
  type ToolPage,
  type ToolResult,
} from './calls.ts'
import { argumentsOf, type ExecuteEntry, entryPage, type ToolEntryPage } from './entries.ts'
import { McpTokens } from './mcp-tokens.ts'

export interface ToolsSettings {
  /** Of identifiers that are a user's id alone. */
  readonly tenantId: string | undefined
  readonly requestTimeoutMs: number
}

/**
 * What an agent may do as a user. The service sends each call with the credential of the user's connection; the
 * agent never has it.
 *
 *     const { data } = await keywell.tools.execute(
 *       'gitlab_issues_list',
 *       { project_id: 'acme/api', state: 'opened' },
 *       { tenantId, userId },
 *     )
 *
 * What failed is a `KeywellError` whose `tool` says why, in the words that agents get: see `agentErrorOf`.
 */
export class Tools {
  /** Calls that wait for a person. */
  readonly approvals: Approvals
  readonly mcpTokens: McpTokens
  readonly #service: Service
  readonly #settings: ToolsSettings

  constructor(service: Service, settings: ToolsSettings) {
    this.approvals = new Approvals(service)
    this.mcpTokens = new McpTokens(service)
    this.#service = service
    this.#settings = settings
  }

  /** The catalogue, of no user. See `List` for its three ways to be read. */
  list(
    { filter = {}, pageSize, pageToken }: ToolPage & { readonly filter?: ToolFilter } = {},
    options?: CallOptions,
  ): List<ToolView, ToolList> {
    const { toolNames, providers, groups, ...rest } = filter
    const query = {
      ...rest,
      providers: providers?.join(','),
      groups: groups?.join(','),
      names: toolNames?.join(','),
      pageSize,
    }
    return this.#pages(pageToken, (page) =>
      this.#service.request(
        routes.tools.list,
        'tools.list',
        { query: { ...query, ...page } },
        options,
      ),
    )
  }

  /** What somebody can run now, over all connections. */
  listAvailable(
    owner: ToolIdentifier,
    page: ToolPage = {},
    options?: CallOptions,
  ): List<ToolView, ScopedToolList> {
    return this.listScoped(owner, page, options)
  }

  /** The same, narrowed by a filter. `unavailable` has every name that was asked for and is not among them. */
  listScoped(
    owner: ToolIdentifier,
    { pageToken, ...query }: ListScoped,
    options?: CallOptions,
  ): List<ToolView, ScopedToolList> {
    const body = { ...ownerOf(owner, this.#settings.tenantId), ...query }
    return this.#pages(pageToken, (page) =>
      this.#service.request(
        routes.tools.listScoped,
        'tools.listScoped',
        { body: { ...body, ...page } },
        options,
      ),
    )
  }

  /**
   * Runs a tool. It is sent once: what is lost on the way to the service is sent again under the same
   * `idempotencyKey`.
   *
   * @param args as the tool's `inputSchema` has them
   * @param call whose connection, and which one where there are several
   * @throws KeywellError `not_connected`, `scope_missing`, `approval_required`, `provider_refused` and so on
   */
  async execute<Data = unknown>(
    tool: string,
    args: ToolArguments,
    call: ToolOwner & ExecuteOptions,
  ): Promise<ToolResult<Data>> {
    const { signal, idempotencyKey, ...rest } = call
    const answer = await this.#service.request(
      routes.tools.execute,
      'tools.execute',
      { body: { ...rest, tool, arguments: args } },
      { signal, idempotencyKey, ...boundsOf(call.timeoutMs, this.#settings.requestTimeoutMs) },
    )
    // The caller says what the tool answers.
    return answer as ToolResult<Data>
  }

  /** See `Keywell.request`. */
  async request(
    query: RequestQuery,
    path: string,
    { signal, idempotencyKey, ...init }: RequestOptions = {},
  ): Promise<ProviderResponse> {
    return this.#service.request(
      routes.requests.send,
      'request',
      { body: { ...init, ...query, path } },
      { signal, idempotencyKey, ...boundsOf(init.timeoutMs, this.#settings.requestTimeoutMs) },
    )
  }

  /** The least scopes for these tools of a provider; see `planScopes`. With a tenant also of its own providers. */
  async plan(
    { provider: name, tools, ...query }: ToolPlanQuery,
    options?: CallOptions,
  ): Promise<ScopePlan> {
    const provider = await this.#service.request(
      routes.providers.get,
      'tools.plan',
      { params: { name }, query },
      options,
    )
    return planScopes({ provider, tools })
  }

  // The same in another spelling: see `ToolEntry`.

  /** `list`, as entries. */
  async listTools(
    query: Parameters<Tools['list']>[0] = {},
    options?: CallOptions,
  ): Promise<ToolEntryPage> {
    return entryPage(await this.list(query, options))
  }

  /** `listAvailable`, as entries. */
  async listAvailableTools(
    identifier: ToolIdentifier,
    page: ToolPage = {},
    options?: CallOptions,
  ): Promise<Omit<ScopedToolList, 'tools'> & ToolEntryPage> {
    return entryPage(await this.listAvailable(identifier, page, options), identifier)
  }

  /** `listScoped`, as entries. */
  async listScopedTools(
    identifier: ToolIdentifier,
    query: ListScoped,
    options?: CallOptions,
  ): Promise<Omit<ScopedToolList, 'tools'> & ToolEntryPage> {
    return entryPage(await this.listScoped(identifier, query, options), identifier)
  }

  /** `execute` with everything in one object. */
  async executeTool<Data = unknown>(entry: ExecuteEntry): Promise<ToolResult<Data>> {
    const { toolName, identifier, params: _params, toolInput: _toolInput, ...options } = entry
    const owner = ownerOf(identifier, this.#settings.tenantId)
    return this.execute<Data>(toolName, argumentsOf(entry), { ...options, ...owner })
  }

  #pages<Page extends ToolList>(
    first: string | undefined,
    read: (page: { readonly pageToken?: string | undefined }) => Promise<Page>,
  ): List<ToolView, Page> {
    return new List({
      read: ({ cursor }) => read({ pageToken: cursor ?? first }),
      itemsOf: ({ tools }) => tools,
      cursorOf: ({ nextPageToken }) => nextPageToken ?? null,
    })
  }
}

export interface ToolPlanQuery {
  readonly provider: string
  /** Names of its tools. */
  readonly tools: readonly string[]
  readonly tenantId?: string | undefined
}
