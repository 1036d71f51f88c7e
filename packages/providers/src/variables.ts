import type { ProviderDefinition } from '@keywell/protocol'
import { matchesWhole } from './pattern.ts'
import { fill, type Variables, valueIn } from './template.ts'

export type Variable = ProviderDefinition['variables'][string]
type Derived = Extract<Variable, { kind: 'derived' }>

/**
 * A value as the provider spells it; undefined where it is none. What it lets through can move no address: it is one
 * label, one segment, or one of the options. A base URL is not read here but by the service, which knows what may be
 * reached.
 */
export function takeVariable(variable: Variable, text: string): string | undefined {
  const typed = text.trim()
  switch (variable.kind) {
    case 'label': {
      const value = variable.letters === 'upper' ? typed.toUpperCase() : typed.toLowerCase()
      const isLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(value)
      return isLabel && matchesWhole(value, variable.pattern) ? value : undefined
    }
    case 'segment': {
      return isSegment(typed) && matchesWhole(typed, variable.pattern) ? typed : undefined
    }
    case 'choice':
      return variable.options.find(({ value }) => value === typed)?.value
    case 'origin':
      return takeOrigin(typed, variable.allow)
    case 'host':
    case 'derived':
      return undefined
  }
}

/** Whether a text is one segment of a path as it is, without escapes. */
export function isSegment(text: string): boolean {
  return /^[\w.~-]{1,200}$/.test(text) && !/^\.{1,2}$/.test(text)
}

/** As the provider tells it, perhaps with a slash at the end. */
function takeOrigin(text: string, allow: readonly string[]): string | undefined {
  const origin = text.replace(/\/$/, '')
  return isOrigin(origin) && allow.some((pattern) => isOneOf(origin, pattern)) ? origin : undefined
}

/** Letter by letter: what only becomes an origin by being parsed is none. */
function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text
  } catch {
    return false
  }
}

/** Whether an origin is the one that is allowed, or below the name behind `*.`. */
function isOneOf(origin: string, pattern: string): boolean {
  const [scheme = '', name = ''] = pattern.split('://*')
  if (name === '') return origin === pattern
  const labels = origin.slice(`${scheme}://`.length, -name.length)
  return origin === `${scheme}://${labels}${name}` && /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(labels)
}

/** What a variable is where none is given. */
export function defaultOf(variable: Variable): string | undefined {
  if (variable.kind === 'choice') return variable.options[0]?.value
  return variable.kind === 'host' || variable.kind === 'segment' ? variable.default : undefined
}

/** Those that are given, with those that follow from them. */
export function withDerived(
  variables: ProviderDefinition['variables'],
  given: Variables,
): Variables {
  const derived = Object.entries(variables).flatMap(([name, variable]) => {
    const from = variable.kind === 'derived' ? given[variable.from] : undefined
    return variable.kind === 'derived' && from !== undefined
      ? [[name, derive(variable, from)] as const]
      : []
  })
  return { ...given, ...Object.fromEntries(derived) }
}

function derive({ from, lines }: Derived, value: string): string {
  const line = lines.find(
    ({ equals, endsWith }) =>
      (equals === undefined || equals === value) &&
      (endsWith === undefined || value.endsWith(endsWith)),
  )
  if (line === undefined) throw new TypeError(`nothing follows from ${from} ${value}`)
  return fill(line.value, { [from]: value })
}

/** The value that a derived one followed from; undefined where it followed from none. */
export function sourceOf(variable: Derived, value: string): string | undefined {
  return variable.lines
    .map(({ equals, value: template }) => {
      const found = equals ?? valueIn(template, value)
      return template.includes('.hostname}') && equals === undefined && found !== undefined
        ? `https://${found}`
        : found
    })
    .find((found) => {
      try {
        return found !== undefined && derive(variable, found) === value
      } catch {
        return false
      }
    })
}
