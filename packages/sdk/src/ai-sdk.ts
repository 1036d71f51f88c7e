/**
 * Tools for the AI SDK of Vercel:
 *
 *     import { aiTools } from '@keywell/sdk/ai-sdk'
 *     import { generateText, stepCountIs } from 'ai'
 *
 *     const tools = await aiTools(keywell.forUser({ tenantId, userId }).tools, { filter })
 *     const { text } = await generateText({ model, prompt, tools, stopWhen: stepCountIs(10) })
 */
import { jsonSchema, type Tool, tool } from 'ai'
import {
  type AgentResult,
  type ToolSource,
  type ToolsetOptions,
  toolsetOf,
} from './agents/toolset.ts'

export type { ToolSource, ToolsetOptions }

/**
 * For `generateText`, `streamText` and agents. A call that a person must approve fails with `APPROVAL_REQUIRED` and the
 * link; it has no `needsApproval`, whose answer comes from the page of the chat and would prove nothing.
 */
export async function aiTools(
  source: ToolSource,
  options?: ToolsetOptions,
): Promise<Record<string, Tool<unknown, AgentResult['content']>>> {
  const toolset = await toolsetOf(source, options)
  return Object.fromEntries(
    toolset.tools.map(({ name, description, title, inputSchema }) => [
      name,
      tool({
        description,
        ...(title !== undefined && { title }),
        inputSchema: jsonSchema<unknown>(inputSchema),
        execute: async (args, { toolCallId: callId, abortSignal: signal }) =>
          (await toolset.call({ name, args, callId, signal })).content,
      }),
    ]),
  )
}
