/** A tool as models, clients of MCP and the SDK know it. */
import type { ToolView } from '@keywell/protocol'
import { inputSchemaOf, type JsonSchema } from './argument-schema.ts'
import { providerOfTool } from './catalogue.ts'
import type { ToolDefinition, ToolResponse } from './definition.ts'

/** Without what depends on a user: `needsApproval` and the connection. */
export function toolViewOf(tool: ToolDefinition): ToolView {
  const { name, group, title, description, effect, scopes, response } = tool
  const provider = providerOfTool(name)
  if (provider === undefined) throw new Error(`invariant: ${name} is not in the catalogue`)
  return {
    name,
    provider: provider.name,
    group,
    title,
    description,
    inputSchema: inputSchemaOf(tool),
    outputSchema: outputSchemas[response],
    annotations: {
      title,
      readOnlyHint: effect === 'read',
      // What they say of a tool that reads has no meaning.
      ...(effect !== 'read' && {
        destructiveHint: effect === 'destroy',
        idempotentHint: tool.idempotent === true,
      }),
      // What comes back was written by anybody.
      openWorldHint: true,
    },
    scopes: [...scopes],
  }
}

const outputSchemas: Readonly<Record<ToolResponse, JsonSchema>> = {
  list: outputOf({ type: 'array' }),
  object: outputOf({ type: 'object' }),
  text: outputOf({ type: 'object' }),
  binary: outputOf({ type: 'object' }),
  none: outputOf({}),
}

/** Of what the provider answers in `data`, no more than its kind is promised. */
function outputOf(data: JsonSchema): JsonSchema {
  return {
    type: 'object',
    properties: {
      data,
      nextPage: { type: 'integer', description: 'Number of the next page, where there is one.' },
      total: { type: 'integer', description: 'Items on all pages, where they are counted.' },
      truncated: { type: 'boolean', description: 'Something was cut; warnings say what.' },
      warnings: { type: 'array', items: { type: 'string' } },
    },
    required: ['data'],
  }
}
