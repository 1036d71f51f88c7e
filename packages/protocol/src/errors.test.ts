import { expect, test, vi } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { errorCodes, isKeywellError, KeywellError, problemSchema } from './errors.ts'

test('every code has a status and a next step, and survives the wire', () => {
  for (const code of errorCodes) {
    const error = new KeywellError(code, 'what happened', {
      retryAfterMs: 5,
      cause: new Error('x'),
    })
    const problem = problemSchema.parse(JSON.parse(JSON.stringify(error.toProblem('req_1'))))
    expect(problem.status).toBeGreaterThanOrEqual(400)
    expect(problem.nextStep.length).toBeGreaterThan(10)
    expect(problem.type.endsWith(`/reference/errors.md#${code}`)).toBe(true)
    const back = KeywellError.fromProblem(problem)
    expect(back.code).toBe(code)
    expect(back.docsUrl).toBe(problem.type)
    expect(back.detail).toBe('what happened')
    expect(back.message).toBe(`what happened. ${problem.nextStep}`)
    expect(back.requestId).toBe('req_1')
    expect(back.retryAfterMs).toBe(5)
  }
})

test('the cause stays here', () => {
  const error = new KeywellError('internal', 'failed', { cause: new Error('inner detail') })
  expect(JSON.stringify(error.toProblem())).not.toContain('inner detail')
  expect(error.cause).toBeInstanceOf(Error)
})

test('a code that is not in the union is refused', () => {
  const problem = { ...new KeywellError('internal', 'x').toProblem(), code: 'teapot' }
  expect(problemSchema.safeParse(problem).success).toBe(false)
})

verifies('protocol:error-of-another-copy', async () => {
  vi.resetModules()
  const copy = await import('./errors.ts')
  const foreign = new copy.KeywellError('needs_reauth', 'The grant was revoked.', {
    reason: 'revoked',
  })
  expect(foreign).not.toBeInstanceOf(KeywellError)
  expect(isKeywellError(foreign)).toBe(true)
  expect(isKeywellError(new KeywellError('internal', 'failed'))).toBe(true)
  const others = [
    undefined,
    null,
    'needs_reauth',
    new Error('needs_reauth'),
    Object.assign(new Error('x'), { name: 'KeywellError', code: 'needs_reauth' }),
    { ...foreign },
  ]
  for (const other of others) expect(isKeywellError(other)).toBe(false)
})
