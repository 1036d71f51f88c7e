import { KeywellError } from '@keywell/protocol'
import type { z } from 'zod'

/** The first few fields that are wrong, and why. */
export function invalidRequest(error: z.ZodError): KeywellError {
  const issues = error.issues.map((issue) => {
    const path = issue.path.join('.')
    return path === '' ? issue.message : `${path}: ${issue.message}`
  })
  return new KeywellError('invalid_request', issues.slice(0, 5).join('; '))
}
