/** Tools in another spelling that is in use among agents: a definition inside an entry. */
import type { ToolView } from '@keywell/protocol'
import type { ExecuteOptions, ToolArguments, ToolIdentifier } from './calls.ts'

/** A tool, and whose it is. */
export interface ToolEntry {
  readonly tool: {
    readonly id: string
    readonly provider: string
    readonly definition: ToolEntryDefinition
    readonly tags: readonly string[]
  }
  /** Of the user. Absent in the catalogue, and for a tenant's own connection. */
  readonly identifier?: string
  /** Name of the connection. Absent in the catalogue. */
  readonly connection?: string
  readonly connectionId?: string
}

/** Its schemas under both names that are in use. */
export interface ToolEntryDefinition
  extends Pick<ToolView, 'name' | 'title' | 'description' | 'annotations'> {
  readonly inputSchema: ToolView['inputSchema']
  readonly input_schema: ToolView['inputSchema']
  readonly outputSchema: ToolView['outputSchema']
  readonly output_schema: ToolView['outputSchema']
}

export interface ToolEntryPage {
  readonly tools: readonly ToolEntry[]
  readonly toolNames: readonly string[]
  /** On all pages. */
  readonly totalSize: number
  readonly nextPageToken?: string | undefined
}

/** `execute` in that spelling; the arguments are `params` or `toolInput`. */
export interface ExecuteEntry extends ExecuteOptions {
  readonly toolName: string
  readonly identifier: ToolIdentifier
  readonly params?: ToolArguments | undefined
  readonly toolInput?: ToolArguments | undefined
}

export function entryPage<
  Page extends { readonly tools: readonly ToolView[]; readonly totalSize: number },
>(page: Page, identifier?: ToolIdentifier): Omit<Page, 'tools'> & ToolEntryPage {
  return {
    ...page,
    tools: page.tools.map((tool) => entryOf(tool, identifier)),
    toolNames: page.tools.map(({ name }) => name),
  }
}

function entryOf(view: ToolView, identifier: ToolIdentifier | undefined): ToolEntry {
  const { name, provider, group, title, description, inputSchema, outputSchema } = view
  const userId = typeof identifier === 'string' ? identifier : identifier?.userId
  return {
    tool: {
      id: name,
      provider,
      definition: {
        name,
        title,
        description,
        annotations: view.annotations,
        inputSchema,
        input_schema: inputSchema,
        outputSchema,
        output_schema: outputSchema,
      },
      tags: [group],
    },
    ...(userId !== undefined && { identifier: userId }),
    ...(view.connectionName !== undefined && { connection: view.connectionName }),
    ...(view.connectionId !== undefined && { connectionId: view.connectionId }),
  }
}

/** @throws TypeError where both spellings are given */
export function argumentsOf({ params, toolInput }: ExecuteEntry): ToolArguments {
  if (params !== undefined && toolInput !== undefined) {
    throw new TypeError('Keywell: `params` and `toolInput` are the same; pass one of them.')
  }
  return params ?? toolInput ?? {}
}
