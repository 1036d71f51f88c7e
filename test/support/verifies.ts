import { describe, type TestContext, type TestOptions, test } from 'vitest'
import { type Requirement, type RequirementId, requirements } from '../requirements.ts'

/**
 * A test that proves a requirement, whose id and behaviour are its name.
 *
 * ```ts
 * verifies('T6:replay', async () => { … })
 * verifies.suite('T23:one-exit', () => { test('…', …) })
 * ```
 *
 * @throws TypeError for an id that is not in `requirements.ts`; the compiler says so before
 */
export function verifies(
  id: RequirementId,
  body: (context: TestContext) => void | Promise<void>,
  options: TestOptions = {},
): void {
  test(nameOf(id), options, body)
}

/** The same for a requirement that takes several tests. */
verifies.suite = (id: RequirementId, tests: () => void): void => {
  describe(nameOf(id), tests)
}

/** The same, proved once for each of several values. */
verifies.each = <Value>(
  id: RequirementId,
  values: readonly Value[],
  body: (value: Value) => void | Promise<void>,
  timeoutMs?: number,
): void => {
  describe(nameOf(id), () => {
    test.each(values.map((value) => [value] as const))('%s', (value) => body(value), timeoutMs)
  })
}

function nameOf(id: string): string {
  const known: Readonly<Record<string, Requirement>> = requirements
  if (!Object.hasOwn(known, id)) throw new TypeError(`There is no requirement "${id}".`)
  return `${id}: ${known[id]?.behaviour}`
}
