/** The tools of one provider, and what is particular about its API, as data and pure functions. */
import type { CompactTool } from './compact/compact-tool.ts'
import type { ToolDefinition } from './definition.ts'
import type { Place } from './execute/ports.ts'
import type { FailedCall, Refusal, RefusalRule } from './refusal.ts'
import type { ToolRequest } from './request.ts'

export interface ProviderTools {
  /** Of the provider, e.g. `gitlab`. */
  readonly name: string
  readonly tools: readonly ToolDefinition[]
  /** The tools of its compact profile. */
  readonly compact?: readonly CompactTool[]
  /** Tools that those call, and that are in no list. */
  readonly unlisted?: readonly ToolDefinition[]
  /** Of the API that tools use, below the base URL in the provider's definition; empty where it is that. */
  readonly apiRoot: '' | `/${string}`
  /** Header of its answers with its own id of the request, for the audit log. */
  readonly requestIdHeader: string
  /** How a place of each kind is looked up. */
  readonly placeKinds: Readonly<Record<string, PlaceKind>>
  /** What the path of a page is about. Undefined: nothing that is known. */
  readonly readPagePath?: (path: string) => PageAddress | undefined
  /** What its refusals mean, beside what their status says; the first that fits counts. */
  readonly refusals: readonly RefusalRule[]
  /** Looks for what would make an error more useful. */
  readonly hint?: Hint
}

/** Answers the refusal with what it found, or as it was. */
export type Hint = (failed: FailedCall, refusal: Refusal, look: Look) => Promise<Refusal>

export interface PlaceKind {
  /** Answers the place whose number or path stands for `{place}`. */
  readonly path: string
  /** Its path stands there segment by segment. Default: as one segment. */
  readonly hasSegments?: true
  /** Of the answer. */
  readonly numberField: string
  readonly pathField: string
}

/** What an address of a page on the provider's host names. */
export interface PageAddress {
  readonly kind: string
  readonly path: Place['path']
  /** Parameters of tools that it has a value for, such as `issue_iid`. */
  readonly values: Readonly<Record<string, string>>
}

/** One more read. Returns its JSON; undefined: no answer that helps. */
export type Look = (
  request: Pick<ToolRequest, 'path'> & Partial<Pick<ToolRequest, 'method' | 'query' | 'body'>>,
  /** Its answer says where a place is now, also where it has moved. Default: false. */
  asksForPlace?: boolean,
) => Promise<unknown>
