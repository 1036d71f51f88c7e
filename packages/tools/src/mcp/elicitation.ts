/** A person has to open an address before a call can be made: to connect an account, or to approve the call. */
import type { KeywellError, ToolErrorCode } from '@keywell/protocol'
import {
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  inputRequired,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'

export interface Address {
  readonly url: string
  /** For the person. */
  readonly message: string
  /** To repeat the call with. */
  readonly approvalId: string | undefined
}

const connecting: ReadonlySet<ToolErrorCode> = new Set([
  'NOT_CONNECTED',
  'NEEDS_REAUTH',
  'SCOPE_MISSING',
])

/** Undefined: no person can help, or there is no page for it. */
export function addressOf({ tool, connectUrl, detail }: KeywellError): Address | undefined {
  if (tool === undefined) return undefined
  const { code, approvalUrl, approvalId } = tool
  if (code === 'APPROVAL_REQUIRED' && approvalUrl !== undefined) {
    return { url: approvalUrl, message: detail, approvalId }
  }
  if (connecting.has(code) && connectUrl !== undefined) {
    return { url: connectUrl, message: detail, approvalId: undefined }
  }
  return undefined
}

const opensAddresses = z.object({ elicitation: z.object({ url: z.object({}) }) })

/**
 * Whether the client said that it opens addresses for its person. A client of 2025-11-25 says so once, at the begin
 * of a connection: over HTTP, where each request stands alone, that is not known.
 */
export function canOpen(server: Server, { mcpReq }: ServerContext): boolean {
  const { [CLIENT_CAPABILITIES_META_KEY]: said } = z
    .record(z.string(), z.unknown())
    .parse(mcpReq.envelope ?? {})
  return opensAddresses.safeParse(said ?? server.getClientCapabilities()).success
}

/** This is the repeated call, whatever the person said. It is asked once, so that no client goes round in circles. */
export function hasAnswered({ mcpReq }: ServerContext): boolean {
  return mcpReq.inputResponses !== undefined
}

/**
 * The id of an approval comes back with the repeated call, and proves nothing: whether it was approved, for this call,
 * is looked up then.
 */
export function askToOpen({ url, message, approvalId }: Address): InputRequiredResult {
  return inputRequired({
    inputRequests: { open: inputRequired.elicitUrl({ url, message }) },
    ...(approvalId !== undefined && { requestState: approvalId }),
  })
}
