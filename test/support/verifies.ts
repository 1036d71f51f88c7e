import { type TestContext, type TestOptions, test } from 'vitest'
import { type RequirementId, requirements } from '../requirements.ts'

type Body = (context: TestContext) => void | Promise<void>

/**
 * A test that proves a requirement; its name is the requirement's id and behaviour.
 *
 * ```ts
 * verifies('connect:callback:single-use', async () => { … })
 * verifies('connect:callback:single-use', 'in parallel', async () => { … })
 * ```
 *
 * @throws TypeError for an id that is not in `requirements.ts`; it is a type error before
 */
export function verifies(id: RequirementId, body: Body, options?: TestOptions): void
/** `part` says which of several tests of one requirement this is. */
export function verifies(id: RequirementId, part: string, body: Body, options?: TestOptions): void
export function verifies(id: RequirementId, ...rest: unknown[]): void {
  const part = typeof rest[0] === 'string' ? rest[0] : undefined
  // The overloads promise this order; the first is taken away when it is a text.
  const [body, options] = (part === undefined ? rest : rest.slice(1)) as [Body, TestOptions?]
  test(nameOf(id, part), options ?? {}, body)
}

function nameOf(id: RequirementId, part: string | undefined): string {
  if (!Object.hasOwn(requirements, id)) throw new TypeError(`no requirement "${id}"`)
  const { behaviour } = requirements[id]
  return part === undefined ? `${id}: ${behaviour}` : `${id}: ${behaviour} (${part})`
}
