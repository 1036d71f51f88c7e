import type { AuditCall, AuditOutcome } from '@keywell/protocol'
import { argumentsHash } from '@keywell/tools'
import type { CredentialReadRow } from '../store/credentials.ts'
import type { UserAnswer, UserRequest } from './send.ts'

/** Longest path that the audit log has, in characters. */
const maxPathCharacters = 500

/** What the audit log says of a request of the backend's own: its path, and only the names of what it sends. */
export function requestCallOf(
  { provider, host }: CredentialReadRow,
  { name, body }: { name: string; body: unknown },
  { method, url }: UserRequest,
): AuditCall {
  const fields = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}
  return {
    effect: effectOf(method),
    provider,
    connectionName: name,
    host,
    target: { method, path: url.pathname.slice(0, maxPathCharacters) },
    argumentNames: [...new Set([...url.searchParams.keys(), ...Object.keys(fields)])],
    argumentsHash: argumentsHash(method, { path: url.pathname, query: url.search, body }),
  }
}

function effectOf(method: string): AuditCall['effect'] {
  if (method === 'GET' || method === 'HEAD') return 'read'
  return method === 'DELETE' ? 'destroy' : 'write'
}

/** Counts what is sent as one call, and the time that it takes. */
export interface RequestUsage {
  /** `send`, counted. */
  counted(request: UserRequest, send: () => Promise<UserAnswer>): Promise<UserAnswer>
  outcome(): Omit<AuditOutcome, 'code' | 'refusedBy'>
}

export function createRequestUsage(
  monotonic: () => number,
  providerRequestIdOf: (answer: UserAnswer) => string | undefined,
): RequestUsage {
  const startedAt = monotonic()
  const usage = { requests: 0, providerMs: 0, bytesOut: 0, bytesIn: 0 }
  let last: UserAnswer | undefined
  return {
    async counted(request, send) {
      const sentAt = monotonic()
      usage.requests += 1
      usage.bytesOut += Buffer.byteLength(request.body ?? '')
      try {
        last = await send()
        usage.bytesIn += last.body.length
        return last
      } finally {
        usage.providerMs += monotonic() - sentAt
      }
    },
    outcome() {
      const requestId = last && providerRequestIdOf(last)
      return {
        ...(last && { providerStatus: last.status }),
        ...(requestId !== undefined && { providerRequestId: requestId }),
        ...usage,
        providerMs: Math.round(usage.providerMs),
        totalMs: Math.round(monotonic() - startedAt),
      }
    },
  }
}
