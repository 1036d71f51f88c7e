/**
 * The tools of one caller, as MCP has them. The service has a connected account behind it, a stdio server one token;
 * a profile stands in front of either.
 */
import type { ToolView } from '@keywell/protocol'

export interface McpTools {
  /** In a stable order. @throws KeywellError */
  list(): Promise<readonly McpTool[]>
  /** @throws KeywellError; with `tool` where the call of a tool failed */
  call(call: McpCall): Promise<McpAnswer>
}

export interface McpCall {
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly approvalId?: string | undefined
  /** What the client calls itself. Undefined: it did not say so in this request. */
  readonly client?: string | undefined
  /** Aborted when the client cancels the call, or goes away. */
  readonly signal: AbortSignal
}

export interface McpAnswer {
  /** What the tool's output schema describes. */
  readonly structured: Record<string, unknown>
  /** Of the call in the audit log. */
  readonly executionId?: string
}

export interface McpTool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: ObjectSchema
  readonly outputSchema?: ObjectSchema
  readonly annotations: ToolView['annotations']
}

export type ObjectSchema = { readonly type: 'object'; readonly [keyword: string]: unknown }

/** How an agent without elicitation calls again after a person has approved. It never reaches a tool. */
export const approvalArgument = 'keywell_approval_id'

/** The arguments of the tool, and the approval that came among them. */
export function takeApproval({ [approvalArgument]: given, ...rest }: McpCall['arguments']): {
  arguments: McpCall['arguments']
  approvalId: string | undefined
} {
  return { arguments: rest, approvalId: typeof given === 'string' ? given : undefined }
}

export function mcpToolOf(view: ToolView): McpTool {
  const { name, title, description, annotations, needsApproval } = view
  const inputSchema = objectSchema(view.inputSchema)
  return {
    name,
    title,
    description,
    inputSchema: needsApproval === true ? withApproval(inputSchema) : inputSchema,
    outputSchema: objectSchema(view.outputSchema),
    annotations,
  }
}

/** MCP wants `type: 'object'` at the root, and every tool has it. */
export function objectSchema(schema: Readonly<Record<string, unknown>>): ObjectSchema {
  return { ...schema, type: 'object' }
}

function withApproval(schema: ObjectSchema): ObjectSchema {
  const properties = { ...Object(schema.properties), [approvalArgument]: approvalProperty }
  return { ...schema, properties }
}

const approvalProperty = {
  type: 'string',
  description:
    'Leave it out at first: the answer says where a person approves the call, and the approval_id to repeat it with.',
}
