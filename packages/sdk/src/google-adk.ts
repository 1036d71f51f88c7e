/**
 * Tools for the Agent Development Kit of Google:
 *
 *     import { FunctionTool, LlmAgent } from '@google/adk'
 *     import { adkTools } from '@keywell/sdk/google-adk'
 *
 *     const tools = await adkTools(FunctionTool, keywell.forUser({ tenantId, userId }).tools, { filter })
 *     const agent = new LlmAgent({ name: 'developer', model: 'gemini-2.5-flash', tools })
 */
import { type ToolSource, type ToolsetOptions, toolsetOf } from './agents/toolset.ts'

export type { ToolSource, ToolsetOptions }

/** What is needed of the kit's class. It is passed in, so that this package does not depend on the kit. */
export type AdkFunctionTool<Made> = new (options: {
  name: string
  description: string
  execute: (args: unknown, context?: { readonly functionCallId?: string }) => Promise<unknown>
}) => Made

/** For an `LlmAgent`. */
export async function adkTools<Made extends object>(
  FunctionTool: AdkFunctionTool<Made>,
  source: ToolSource,
  options?: ToolsetOptions,
): Promise<Made[]> {
  const toolset = await toolsetOf(source, options)
  return toolset.tools.map(({ name, description, inputSchema }) => {
    const execute = async (args: unknown, context?: { readonly functionCallId?: string }) =>
      (await toolset.call({ name, args, callId: context?.functionCallId })).content
    const made = new FunctionTool({ name, description, execute })
    // The class takes a schema of zod or of Gemini; the model's API takes JSON Schema, too.
    const declaration = { name, description, parametersJsonSchema: inputSchema }
    return Object.assign(made, { _getDeclaration: () => declaration })
  })
}
