/** What a policy says of a tool, whatever its arguments are. */
import type { ToolDefinition } from './definition.ts'
import type { ToolPolicy } from './execute/ports.ts'

/** What holds where nobody has said anything else. */
export const defaultPolicy: ToolPolicy = {
  readOnly: false,
  names: null,
  named: [],
  denied: [],
  approval: 'destroy',
  places: {},
  defaultPlaces: {},
  revealsValues: false,
  rateLimit: { calls: 100, windowMs: 60_000 },
  maxResultBytes: 1_048_576,
}

/** Undefined: it may be called. */
export function toolRefusal(
  policy: Pick<ToolPolicy, 'names' | 'denied' | 'readOnly'>,
  { name, effect }: Pick<ToolDefinition, 'name' | 'effect'>,
): 'read_only' | 'not_allowed' | undefined {
  if (policy.readOnly && effect !== 'read') return 'read_only'
  const isDenied = policy.denied.some((pattern) => covers(pattern, name))
  return isDenied || policy.names?.includes(name) === false ? 'not_allowed' : undefined
}

export function needsApproval(
  { approval }: ToolPolicy,
  { effect, sensitive }: ToolDefinition,
): boolean {
  switch (approval) {
    case 'never':
      return false
    case 'destroy':
      return effect === 'destroy'
    case 'sensitive':
      return effect === 'destroy' || sensitive === true
    case 'writes':
      return effect !== 'read' || sensitive === true
  }
}

/** `gitlab_issue_*` covers what begins so; without a star, the name alone. */
function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
