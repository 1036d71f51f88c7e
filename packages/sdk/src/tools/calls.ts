/** What the calls of tools are asked with. */
import type { ExecuteTool, ListScopedTools, ProviderRequest, ToolAnswer } from '@keywell/protocol'
import type { ConnectionOwner } from '../connections.ts'
import type { CallBounds, CallOptions } from '../service.ts'

/** Whose connections are used: a user's, or the tenant's own. */
export type ToolOwner = { readonly tenantId: string } & ConnectionOwner

/** An owner; or the id of a user of the tenant that the `Keywell` was made with, option `tenantId`. */
export type ToolIdentifier = string | ToolOwner

/** Of one call of a tool, beside who, which tool and with what. */
export interface ExecuteOptions
  extends CallOptions,
    Readonly<
      Pick<
        ExecuteTool,
        'connectionName' | 'host' | 'dryRun' | 'approvalId' | 'timeoutMs' | 'hints' | 'agent'
      >
    > {}

/** Of one call of a provider's API. */
export interface RequestOptions
  extends CallOptions,
    Readonly<
      Partial<Pick<ProviderRequest, 'method' | 'query' | 'body' | 'headers' | 'timeoutMs'>>
    > {}

/** Which connection such a call uses. */
export type RequestQuery = ToolOwner &
  Readonly<Pick<ProviderRequest, 'provider' | 'connectionName' | 'host'>>

export type ToolArguments = Readonly<Record<string, unknown>>

/** The result of a tool that answers `Data`. Nobody checks that it does. */
export type ToolResult<Data = unknown> = Omit<ToolAnswer, 'data'> & { readonly data: Data }

/** A page of tools. */
export interface ToolPage {
  /** 1 to 200. Default: 50. */
  readonly pageSize?: number | undefined
  /** `nextPageToken` of the page before, which had the same filter. */
  readonly pageToken?: string | undefined
}

/** Which tools of the catalogue. Between these it is "and", within one "or". */
export interface ToolFilter {
  readonly providers?: readonly string[] | undefined
  readonly groups?: readonly string[] | undefined
  readonly toolNames?: readonly string[] | undefined
  readonly effect?: 'read' | 'write' | 'destroy' | undefined
  /** Words in name, title and description. */
  readonly query?: string | undefined
}

/** Which of the tools that somebody can run. */
export type ScopedToolFilter = Readonly<NonNullable<ListScopedTools['filter']>>

export interface ListScoped extends ToolPage {
  readonly filter?: ScopedToolFilter | undefined
  /**
   * Lists the tools that cannot be run now as well; a call of one says what is missing, such as a connection.
   * Default: false.
   */
  readonly includeUnavailable?: boolean | undefined
}

/** @throws TypeError where a user is named without a tenant, and none was configured */
export function ownerOf(identifier: ToolIdentifier, tenantId: string | undefined): ToolOwner {
  if (typeof identifier !== 'string') return identifier
  if (tenantId !== undefined) return { tenantId, userId: identifier }
  throw new TypeError(
    'Keywell: the id of a user alone does not say of which tenant. Pass { tenantId, userId }, or set the ' +
      'option `tenantId` (KEYWELL_TENANT_ID) where your app has one tenant.',
  )
}

/** As the service has it when nothing else is said. */
const defaultToolTimeoutMs = 20_000
/** An archive of 32 MiB in Base64, and what stands around it. */
const maxAnswerLength = 46_000_000

/** A call of a tool takes as long as the provider may, and the time of any other call. */
export function boundsOf(
  timeoutMs: number = defaultToolTimeoutMs,
  requestTimeoutMs: number,
): CallBounds {
  return { timeoutMs: timeoutMs + requestTimeoutMs, maxAnswerLength }
}
