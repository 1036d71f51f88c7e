/**
 * Whether this runtime ends timers, streams and calls together with the request that began them, as
 * Cloudflare's workerd and Next's edge runtime do. What one request waits for must be its own there, and
 * nothing may count on a timer.
 */
export function endsWorkWithRequest(): boolean {
  return 'EdgeRuntime' in globalThis || userAgent() === 'Cloudflare-Workers'
}

/** Not every runtime has a navigator, and Node's types know none. */
function userAgent(): unknown {
  const { navigator } = globalThis as { navigator?: { userAgent?: unknown } }
  return navigator?.userAgent
}
