import { type AgentError, agentErrorOf, type KeywellError } from '@keywell/protocol'

/** Any error of a call as agents get it; one that is not of the tool has the service's own code. */
export type ErrorObject = Omit<AgentError, 'code'> & { readonly code: string }

export function errorObjectOf(name: string, error: KeywellError): ErrorObject {
  const object = agentErrorOf(error)
  if (object !== undefined) return { ...object, tool_name: name }
  const { code, detail, nextStep, retryAfterMs } = error
  return {
    error: true,
    code,
    message: detail,
    tool_name: name,
    suggestion: nextStep,
    ...(retryAfterMs !== undefined && { retry_after: Math.ceil(retryAfterMs / 100) / 10 }),
  }
}
