// https://buildkite.com/docs/apis/rest-api/rate-limits
import type { Context } from 'hono'
import type { AccessToken, State } from './state.ts'

const windowSeconds = 60
const limits = { rest: 200, rest_user: 50 } as const

/** Counts a call for the organisation and for the user; answers what is said when it is too much. */
export function limitCalls(c: Context, state: State, token: AccessToken): Response | undefined {
  const organization = count(state, `rest ${token.organizations[0] ?? ''}`)
  const user = count(state, `rest_user ${token.email}`)
  show(c, 'RateLimit', 'rest', organization)
  show(c, 'RateLimit-User', 'rest_user', user)
  if (user.calls > limits.rest_user) return tooMany(c, 'rest_user', user)
  return organization.calls > limits.rest ? tooMany(c, 'rest', organization) : undefined
}

interface Window {
  calls: number
  /** Seconds that remain, and no time of day. */
  reset: number
}

function count({ calls, clock }: State, key: string): Window {
  const now = clock.now()
  const since = now - windowSeconds * 1_000
  const recent = [...(calls.get(key) ?? []).filter((time) => time > since), now]
  calls.set(key, recent)
  const first = recent[0] ?? now
  return { calls: recent.length, reset: Math.ceil((first - since) / 1_000) }
}

function show(c: Context, prefix: string, scope: keyof typeof limits, window: Window): void {
  c.header(`${prefix}-Scope`, scope)
  c.header(`${prefix}-Limit`, `${limits[scope]}`)
  c.header(`${prefix}-Remaining`, `${Math.max(0, limits[scope] - window.calls)}`)
  c.header(`${prefix}-Reset`, `${window.reset}`)
}

function tooMany(c: Context, scope: keyof typeof limits, { calls, reset }: Window): Response {
  const message = `You have exceeded your API rate limit. Please wait ${reset} seconds before making more requests.`
  return c.json({ message, scope, limit: limits[scope], current: calls, reset }, 429)
}
