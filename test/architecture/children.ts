/** Threads and processes of the service: none may inherit the environment, in which a secret can be. */
import { type Fault, importsOf, isTest, type SourceFile, visit } from './source.ts'

const home = /^(packages\/server|apps\/service)\/src\//

export function childFaults(files: readonly SourceFile[]): Fault[] {
  const service = files.filter(({ path }) => home.test(path) && !isTest(path))
  return service.flatMap((file) => [...processFaults(file), ...threadFaults(file)])
}

function processFaults(file: SourceFile): Fault[] {
  return importsOf(file)
    .filter(({ specifier }) => /^(node:)?(child_process|cluster)$/.test(specifier))
    .map(({ specifier }) => ({
      path: file.path,
      message: `${specifier}: the service has no children`,
    }))
}

function threadFaults(file: SourceFile): Fault[] {
  const faults: Fault[] = []
  visit(file, {
    NewExpression: ({ callee, arguments: given }) => {
      if (callee.type !== 'Identifier' || callee.name !== 'Worker') return
      const options = given.at(-1)
      const hasOwn =
        options?.type === 'ObjectExpression' &&
        options.properties.some(
          (each) =>
            each.type === 'Property' && each.key.type === 'Identifier' && each.key.name === 'env',
        )
      if (!hasOwn) faults.push({ path: file.path, message: 'a thread inherits the environment' })
    },
  })
  return faults
}
