import type { ServerContext } from '@modelcontextprotocol/server'

const defaultEveryMs = 5_000

/**
 * Says at intervals that a call is under way, where the client asked for it, so that a client that waits a limited
 * time from one message to the next waits on. Returns what ends it.
 */
export function reportProgress(
  { mcpReq }: ServerContext,
  everyMs: number = defaultEveryMs,
): () => void {
  const progressToken = mcpReq._meta?.progressToken
  if (progressToken === undefined) return () => {}
  let progress = 0
  const timer = setInterval(() => {
    progress += 1
    const params = { progressToken, progress, message: 'Waiting for the answer.' }
    // The client may have gone; the call ends by its signal.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {})
  }, everyMs)
  return () => clearInterval(timer)
}
