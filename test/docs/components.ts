/** The page of components: their props, keys, states and parts, as their source has them. */
import { type Expression, parseSync, type SpreadElement } from 'oxc-parser'
import { type SourceFile, visit } from '../architecture/source.ts'
import { table } from './table.ts'

/** One prop of a component, or one member of an interface. */
interface Member {
  readonly name: string
  /** As it is written, without `| undefined`. */
  readonly type: string
  readonly optional: boolean
  /** Its docstring, on one line. */
  readonly text: string
}

/** An interface or a type alias. */
interface Declared {
  readonly members: readonly Member[]
  /** What it extends, or is put together of, as it is written. */
  readonly bases: readonly string[]
  /** Literals in its text, such as the names of states. */
  readonly text: string
}

interface Component {
  readonly name: string
  /** Its docstring, without examples and tags. */
  readonly text: string
  readonly keys: readonly (readonly [key: string, does: string])[]
  readonly props: readonly Member[]
  /** Elements of HTML whose every prop it takes. */
  readonly elements: readonly string[]
  readonly parts: readonly Part[]
}

/** An element that a stylesheet and a test may name. */
interface Part {
  readonly selector: string
  /** Attributes beside the name, by which it can be told in what state it is. */
  readonly attributes: readonly string[]
  /** Values of its `data-state`. */
  readonly states: readonly string[]
}

const folder = 'packages/react/src/'

/**
 * The page, from the source of the package: each component that `index.ts` exports with an interface of its props.
 *
 * A docstring is the meaning of a prop, what stands after `Default:` its default, and a tag `@key Enter: begins` of
 * the component a line of its keyboard map.
 */
export function componentsPage(sources: readonly SourceFile[], css: string): string {
  const files = sources.filter(
    ({ path }) => path.startsWith(folder) && !/\.test\.|\/testing\//.test(path),
  )
  const components = exportedComponents(files)
  return [
    '# Components',
    'Props, keys and parts of each component of `@keywell/react`, written from its source by `npm run components`.\n[React](react.md) shows how they are used; [without React](../guide/without-react.md) has the attributes of the element.',
    ...components.map(sectionOf),
    '## Custom properties',
    'Set them anywhere above a component. They are read by `@keywell/react/styles.css` alone.',
    table(['property', 'default'], propertiesOf(css)),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n')
}

/** Faults of what the page is made from: a prop or a component that does not say what it is. */
export function undocumented(sources: readonly SourceFile[]): string[] {
  const files = sources.filter(
    ({ path }) => path.startsWith(folder) && !/\.test\.|\/testing\//.test(path),
  )
  return exportedComponents(files).flatMap(({ name, text, props }) => [
    ...(text === '' ? [`${name} has no docstring`] : []),
    ...props
      .filter((prop) => prop.text === '' && prop.name !== 'children')
      .map((prop) => `${name}: ${prop.name} has no docstring`),
  ])
}

function sectionOf({ name, text, keys, props, elements, parts }: Component): string {
  const every = elements.map((element) => `Every other prop of \`<${element}>\` goes to it.`)
  return [
    `## ${name}`,
    text,
    table(
      ['prop', 'type', 'default', 'meaning'],
      props.map((prop) => {
        const [meaning, standard] = splitDefault(prop.text)
        const label = prop.optional ? code(prop.name) : `${code(prop.name)}, required`
        return [label, code(prop.type), standard, meaning]
      }),
    ),
    ...every,
    ...(keys.length > 0
      ? [
          table(
            ['key', 'does'],
            keys.map(([key, does]) => [key, does]),
          ),
        ]
      : []),
    ...(parts.length > 0
      ? [
          table(
            ['part', 'with', '`data-state`'],
            parts.map(({ selector, attributes, states }) => [
              code(selector),
              attributes.map(code).join(', '),
              states.map(code).join(', '),
            ]),
          ),
        ]
      : []),
  ].join('\n\n')
}

/** `Text. Default: `md`.` -> `Text.` and `` `md` ``. */
function splitDefault(text: string): [meaning: string, standard: string] {
  const [before = '', after] = text.split(/(?:^| )Default: /)
  if (after === undefined) return [text, '']
  // A default ends with its sentence; what follows is meaning again.
  const [standard = '', ...rest] = after.split(/(?<=[^.])\. |\.$/).filter((part) => part !== '')
  return [[before, ...rest].join(' ').trim(), standard]
}

function exportedComponents(files: readonly SourceFile[]): Component[] {
  const types = typesOf(files)
  const index = files.find(({ path }) => path === `${folder}index.ts`)
  if (index === undefined) throw new TypeError('The package has no index.ts.')
  const entries: { name: string; from: string }[] = []
  visit(index, {
    ExportNamedDeclaration: ({ exportKind, specifiers, source }) => {
      for (const { exported, exportKind: kind } of specifiers) {
        if (exportKind === 'type' || kind === 'type' || exported.type !== 'Identifier') continue
        entries.push({ name: exported.name, from: String(source?.value) })
      }
    },
  })
  const components = entries.filter(({ name }) => types.has(`${name}Props`))
  const main = new Map(components.map(({ name, from }) => [fileOf(files, index, from), name]))
  return components
    .map(({ name, from }) => {
      const file = fileOf(files, index, from)
      // What another component draws is in its own section.
      const own = reached(files, file, (other) => main.has(other))
      const { members, elements } = flatten(types, `${name}Props`)
      return {
        name,
        ...describe(file, name),
        props: members,
        elements,
        parts: partsOf(own, types),
      }
    })
    .sort((one, other) => one.name.localeCompare(other.name))
}

function fileOf(files: readonly SourceFile[], from: SourceFile, specifier: string): SourceFile {
  const path = new URL(specifier, `file:///${from.path}`).pathname.slice(1)
  const file = files.find((each) => each.path === path)
  if (file === undefined) throw new TypeError(`${from.path}: ${specifier} is no file of it`)
  return file
}

/** The file and the modules of the package that it draws with. */
function reached(
  files: readonly SourceFile[],
  start: SourceFile,
  isOther: (file: SourceFile) => boolean,
): SourceFile[] {
  const found = new Set([start])
  for (const file of found) {
    const follow = (specifier: string) => {
      if (!specifier.startsWith('./')) return
      const next = fileOf(files, file, specifier)
      if (!isOther(next) && !next.path.includes('/core/')) found.add(next)
    }
    visit(file, {
      ImportDeclaration: ({ source, importKind }) => {
        if (importKind !== 'type') follow(String(source.value))
      },
      // A dialog that comes with its first use.
      ImportExpression: ({ source }) => {
        if (source.type === 'Literal') follow(String(source.value))
      },
    })
  }
  return [...found]
}

/** The docstring of an exported component. */
function describe(file: SourceFile, name: string): Pick<Component, 'text' | 'keys'> {
  const { comments } = parseSync(file.path, file.text)
  let lines: string[] = []
  visit(file, {
    ExportNamedDeclaration: ({ declaration, start }) => {
      const isVariable = declaration?.type === 'VariableDeclaration'
      const id = isVariable ? declaration.declarations[0]?.id : undefined
      const named = declaration?.type === 'FunctionDeclaration' ? declaration.id : id
      if (named?.type !== 'Identifier' || named.name !== name) return
      lines = docLines(file.text, comments, start)
    },
  })
  const keys = lines.flatMap((line) => {
    const [, key, does] = /^@key ([^:]+): (.+)$/.exec(line) ?? []
    return key === undefined || does === undefined ? [] : [[key, does] as const]
  })
  const text = lines
    .filter((line) => !line.startsWith('@'))
    .join('\n')
    .replaceAll(/```[\s\S]*?```/g, '')
    .trim()
    .replaceAll(/\n{2,}/g, '\n\n')
  return { text, keys }
}

type Comment = ReturnType<typeof parseSync>['comments'][number]

/** Lines of the docstring that ends before a place in a text. */
function docLines(text: string, comments: readonly Comment[], place: number): string[] {
  const comment = comments.find(
    ({ type, value, end }) =>
      type === 'Block' &&
      value.startsWith('*') &&
      end <= place &&
      text.slice(end, place).trim() === '',
  )
  return (comment?.value.slice(1) ?? '')
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trimEnd())
}

function typesOf(files: readonly SourceFile[]): Map<string, Declared> {
  const types = new Map<string, Declared>()
  for (const file of files) {
    const { comments } = parseSync(file.path, file.text)
    const textOf = ({ start, end }: { start: number; end: number }) =>
      file.text.slice(start, end).replaceAll(/\s+/g, ' ')
    visit(file, {
      TSInterfaceDeclaration: ({ id, body, extends: bases, start, end }) => {
        const members = body.body.flatMap((member) => {
          if (member.type !== 'TSPropertySignature' && member.type !== 'TSMethodSignature')
            return []
          if (member.key.type !== 'Identifier') return []
          const lines = docLines(file.text, comments, member.start)
          return [
            {
              name: member.key.name,
              type: typeText(file.text.slice(member.key.end, member.end)),
              optional: member.optional,
              text: lines.join(' ').replaceAll(/\s+/g, ' ').trim(),
            },
          ]
        })
        const declared = { members, bases: bases.map(textOf), text: textOf({ start, end }) }
        types.set(id.name, declared)
      },
      TSTypeAliasDeclaration: ({ id, typeAnnotation }) => {
        const text = textOf(typeAnnotation)
        // The name of a local type is its file's own; that of an exported one is unique in the package.
        const name = id.name === 'State' ? `${file.path} State` : id.name
        types.set(name, { members: [], bases: [text], text })
      },
    })
  }
  return types
}

/** `?: 'a' | undefined` -> `'a'`. */
function typeText(text: string): string {
  return text
    .replace(/^\??:?\s*/, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/ \| undefined$/, '')
    .replace(/^\((\(.*\) => .+)\)$/, '$1')
}

/** The members of a type with those of what it extends, its own first. */
function flatten(
  types: ReadonlyMap<string, Declared>,
  name: string,
): { members: Member[]; elements: string[] } {
  const members = new Map<string, Member>()
  const elements = new Set<string>()
  const take = (found: { members: readonly Member[]; elements: readonly string[] }) => {
    for (const member of found.members) {
      if (!members.has(member.name)) members.set(member.name, member)
    }
    for (const element of found.elements) elements.add(element)
  }
  const declared = types.get(name)
  if (declared === undefined) return { members: [], elements: [] }
  take({ members: declared.members, elements: [] })
  for (const base of declared.bases) take(ofBase(types, base))
  return { members: [...members.values()], elements: [...elements] }
}

function ofBase(types: ReadonlyMap<string, Declared>, base: string) {
  const [, element] = /^(?:React\.)?ComponentPropsWithoutRef<'(\w+)'>$/.exec(base) ?? []
  if (element !== undefined) return { members: [], elements: [element] }
  const [, way, inner = '', names = ''] = /^(Omit|Pick)<(.+?), ([^,]+)>$/.exec(base) ?? []
  if (way === undefined) return flatten(types, base)
  const listed = [...names.matchAll(/'(\w+)'/g)].map(([, name]) => name)
  const found = flatten(types, inner)
  const members = found.members.filter(({ name }) => listed.includes(name) === (way === 'Pick'))
  return { members, elements: found.elements }
}

/** What a `data-state` may be, by the literal or by the type of a state that its file is about. */
function statesOf(file: SourceFile, value: string, types: ReadonlyMap<string, Declared>): string[] {
  if (/^"[^"]*"$/.test(value)) return [value.slice(1, -1)]
  const isViewed = value.includes('view.state')
  const named = [...file.text.matchAll(/\b\w+State\b/g)].map(([name]) => name)
  const candidates = [`${file.path} State`, ...named, ...(isViewed ? ['ConnectState'] : [])]
  const [type] = candidates.flatMap((name) => types.get(name) ?? [])
  const unions = type?.text.includes('name:')
    ? [...type.text.matchAll(/name: ([^;}]+)/g)].map(([, union = '']) => union)
    : [type?.text ?? '']
  const names = unions.flatMap((union) =>
    [...union.matchAll(/'(\w+)'/g)].map(([, name = '']) => name),
  )
  return [...new Set(names)]
}

/** Attributes beside the name of a part that say something of it. */
const telling = /^(data-(state|size|variant|loading|renewable)|data-keywell-|role$|aria-)/

function partsOf(files: readonly SourceFile[], types: ReadonlyMap<string, Declared>): Part[] {
  const parts = new Map<string, { attributes: Set<string>; states: Set<string> }>()
  const add = (
    file: SourceFile,
    tag: string,
    attributes: readonly (readonly [string, string])[],
  ) => {
    const [name] = attributes.flatMap(([each]) => (each.startsWith('data-keywell-') ? [each] : []))
    if (name === undefined) return
    const selector = `${/^[a-z]/.test(tag) ? tag : ''}[${name}]`
    const part = parts.get(selector) ?? { attributes: new Set<string>(), states: new Set<string>() }
    parts.set(selector, part)
    for (const [each, value] of attributes) {
      if (each !== name && telling.test(each)) part.attributes.add(each)
      if (each !== 'data-state') continue
      for (const state of statesOf(file, value, types)) part.states.add(state)
    }
  }
  for (const file of files) {
    const textOf = (node: { start: number; end: number } | null) =>
      node === null ? '' : file.text.slice(node.start, node.end)
    visit(file, {
      JSXOpeningElement: ({ name, attributes }) => {
        const found = attributes.flatMap((each): (readonly [string, string])[] => {
          if (each.type === 'JSXSpreadAttribute') {
            return partSpread(each.argument).map((part) => [part, ''] as const)
          }
          return each.name.type === 'JSXIdentifier' ? [[each.name.name, textOf(each.value)]] : []
        })
        add(file, name.type === 'JSXIdentifier' ? name.name : '', found)
      },
      ObjectExpression: ({ properties }) => {
        const found = properties.flatMap((each) =>
          each.type === 'Property' && each.key.type === 'Literal'
            ? [[String(each.key.value), textOf(each.value)] as const]
            : [],
        )
        add(file, '', found)
      },
    })
  }
  return [...parts]
    .map(([selector, { attributes, states }]) => ({
      selector,
      attributes: [...attributes].sort(),
      states: [...states],
    }))
    .sort((one, other) => one.selector.localeCompare(other.selector))
}

/** The attribute of `{...part('hostInput')}`, or those of `{...joinParts(…)}`; see `parts.ts`. */
function partSpread(argument: Expression | SpreadElement): string[] {
  if (argument.type !== 'CallExpression' || argument.callee.type !== 'Identifier') return []
  if (argument.callee.name === 'joinParts') return argument.arguments.flatMap(partSpread)
  const [name] = argument.arguments
  if (!/^part(Of)?$/.test(argument.callee.name) || name?.type !== 'Literal') return []
  return [`data-keywell-${String(name.value).replace(/[A-Z]/g, (at) => `-${at.toLowerCase()}`)}`]
}

/** The custom properties that the stylesheet reads, with what it takes where there is none. */
function propertiesOf(css: string): string[][] {
  const found = new Map<string, string>()
  for (const [, name = '', rest = ''] of css.matchAll(
    /var\((--keywell-[a-z-]+)(?:, )?([^;]*)\);/g,
  )) {
    if (!found.has(name)) found.set(name, rest)
  }
  return [...found].map(([name, standard]) => [code(name), code(standard)])
}

function code(text: string): string {
  return text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``
}
