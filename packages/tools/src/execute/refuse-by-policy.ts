import type { ToolDefinition } from '../definition.ts'
import { toolRefusal } from '../policy.ts'
import { refuse } from '../refusal.ts'
import type { ToolPolicy } from './ports.ts'

/** @throws KeywellError whose `tool` says so, for a tool that the policy does not allow */
export function refuseByPolicy(
  tool: Pick<ToolDefinition, 'name' | 'effect'>,
  policy: Pick<ToolPolicy, 'names' | 'denied' | 'readOnly' | 'readOnlyBy'>,
): void {
  const problem = toolRefusal(policy, tool)
  if (problem === 'read_only') {
    const where = policy.readOnlyBy === undefined ? '' : `: ${policy.readOnlyBy}`
    refuse(tool.name, {
      code: 'READ_ONLY',
      message: `Only tools that change nothing may be called${where}.`,
      nextStep: 'Use a tool that reads, or ask the person who set this to allow changes.',
    })
  }
  if (problem === 'not_allowed') {
    refuse(tool.name, {
      code: 'TOOL_NOT_ALLOWED',
      message: 'The policy does not allow this tool.',
      nextStep: 'List the tools that may be called, or ask the operator to allow this one.',
    })
  }
}
