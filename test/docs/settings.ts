import { type SourceFile, visit } from '../architecture/source.ts'

/** Keys of object literals that are written like variables of an environment, as in a zod schema. */
export function upperCaseKeys(path: string, text: string): string[] {
  const keys: string[] = []
  visit(
    { path, text },
    {
      ObjectExpression: ({ properties }) => {
        for (const property of properties) {
          if (property.type !== 'Property' || property.key.type !== 'Identifier') continue
          if (/^[A-Z][A-Z_]+$/.test(property.key.name)) keys.push(property.key.name)
        }
      },
    },
  )
  return [...new Set(keys)]
}

/** Variables that are read by `variable('A')`, and by `secretVariable('A')`, which reads `A_FILE` too. */
export function variablesRead(files: readonly SourceFile[]): string[] {
  const names: string[] = []
  for (const file of files) {
    visit(file, {
      CallExpression: ({ callee, arguments: [name] }) => {
        if (callee.type !== 'Identifier' || name?.type !== 'Literal') return
        if (callee.name === 'variable') names.push(String(name.value))
        if (callee.name === 'secretVariable') names.push(`${name.value}`, `${name.value}_FILE`)
      },
    })
  }
  return [...new Set(names)]
}

/** Names of the members of an interface. */
export function membersOf(path: string, text: string, name: string): string[] {
  const members: string[] = []
  visit(
    { path, text },
    {
      TSInterfaceDeclaration: ({ id, body }) => {
        if (id.name !== name) return
        for (const member of body.body) {
          if (member.type === 'TSPropertySignature' && member.key.type === 'Identifier') {
            members.push(member.key.name)
          }
        }
      },
    },
  )
  return members
}

/** Names of the members of an interface that are no identifiers. */
export function quotedMembersOf(path: string, text: string, name: string): string[] {
  const members: string[] = []
  visit(
    { path, text },
    {
      TSInterfaceDeclaration: ({ id, body }) => {
        if (id.name !== name) return
        for (const member of body.body) {
          if (member.type === 'TSPropertySignature' && member.key.type === 'Literal') {
            members.push(String(member.key.value))
          }
        }
      },
    },
  )
  return members
}
