// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
import type { FaultInput } from '../core/wire.ts'

/** Too much at once. */
export function secondaryRateLimit(how: { saysPause: boolean } = { saysPause: true }): FaultInput {
  return limited(
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
    how.saysPause ? { 'retry-after': '60' } : {},
  )
}

/** The calls of this hour are used up. */
export function primaryRateLimit(now: number): FaultInput {
  return limited('API rate limit exceeded for user ID 583231.', {
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': `${Math.ceil(now / 1_000) + 120}`,
  })
}

function limited(message: string, headers: Readonly<Record<string, string>>): FaultInput {
  const effect = {
    kind: 'respond',
    status: 403,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ message }),
  } as const
  return { origin: 'api', effect }
}
