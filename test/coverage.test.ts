/** No promise without a proof: every requirement is cited by a test. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { isTest, readSources, type SourceFile, visit } from './architecture/source.ts'
import { requirements } from './requirements.ts'
import { verifies } from './support/verifies.ts'

const tests = readSources(fileURLToPath(new URL('..', import.meta.url))).filter(({ path }) =>
  isTest(path),
)

/** Ids that a file cites with `verifies('…', …)` or `verifies.suite('…', …)`. */
function citationsIn(file: SourceFile): string[] {
  const ids: string[] = []
  visit(file, {
    CallExpression: ({ callee, arguments: [id] }) => {
      const name =
        callee.type === 'MemberExpression' && callee.object.type === 'Identifier'
          ? callee.object.name
          : callee.type === 'Identifier' && callee.name
      if (name === 'verifies' && id?.type === 'Literal') ids.push(String(id.value))
    },
  })
  return ids
}

function withoutTest(ids: readonly string[], files: readonly SourceFile[]): string[] {
  const cited = new Set(files.flatMap(citationsIn))
  return ids.filter((id) => !cited.has(id))
}

test('every requirement has a test', () => {
  expect(withoutTest(Object.keys(requirements), tests)).toEqual([])
})

test('a requirement without a test is found', () => {
  const ids = ['planted:one', 'planted:two', 'planted:three', 'planted:four']
  const text = `verifies('planted:one', () => {})
    verifies.suite('planted:two', () => {})
    // verifies('planted:three', () => {})
    test('planted:four', () => {})`
  expect(withoutTest(ids, [{ path: 'planted.test.ts', text }])).toEqual([
    'planted:three',
    'planted:four',
  ])
})

test('a citation of an unknown requirement throws', () => {
  // @ts-expect-error the compiler knows it too
  expect(() => verifies('planted:one', () => {})).toThrow('There is no requirement "planted:one".')
  // @ts-expect-error a name that every object has is no requirement
  expect(() => verifies('toString', () => {})).toThrow(TypeError)
})
