import { KeywellError, planScopes } from '@keywell/protocol'
import { listTools, providerOfTool } from '@keywell/tools'
import type { Catalogue } from '../catalogue.ts'
import type { SessionRequest } from './session-request.ts'

/**
 * A session that names tools requires the least scopes that they need, beside those that it names. A tool that needs
 * none changes nothing.
 *
 * @throws KeywellError `invalid_request` for a tool that there is not; `scope_not_allowed` where the provider has no scope that would do
 */
export function withToolScopes(
  catalogue: Catalogue,
  { tools = [], ...request }: SessionRequest,
): SessionRequest {
  const scopes = { ...request.scopes }
  for (const [name, wanted] of byProvider(tools)) {
    const provider = { ...catalogue.get(request.tenantId, name), tools: listTools(name) }
    const plan = planScopes({ provider, tools: wanted })
    const [without] = plan.unavailable
    if (without !== undefined) {
      const message = `${provider.title} has no scope that the tool ${without.name} could run with.`
      throw new KeywellError('scope_not_allowed', message)
    }
    if (plan.scopes.length === 0) continue
    const named = Object.hasOwn(scopes, name) ? scopes[name] : undefined
    const { required = [], optional = [], forbidden = [] } = named ?? {}
    scopes[name] = { required: [...new Set([...required, ...plan.scopes])], optional, forbidden }
  }
  return { ...request, scopes }
}

function byProvider(tools: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const tool of tools) {
    const provider = providerOfTool(tool)?.name
    if (provider === undefined) {
      throw new KeywellError('invalid_request', `tools: There is no tool "${tool.slice(0, 100)}".`)
    }
    found.set(provider, [...(found.get(provider) ?? []), tool])
  }
  return found
}
