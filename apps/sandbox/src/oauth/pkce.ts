import { createHash } from 'node:crypto'
import type { Code } from '../store/state.ts'

/** RFC 7636 section 4.6. A verifier for a code without a challenge is a mistake, and refused. */
export function verifies(challenge: Code['challenge'], verifier: string | undefined): boolean {
  if (challenge === null || verifier === undefined) {
    return challenge === null && verifier === undefined
  }
  if (challenge.method === 'plain') return verifier === challenge.value
  return createHash('sha256').update(verifier).digest('base64url') === challenge.value
}
