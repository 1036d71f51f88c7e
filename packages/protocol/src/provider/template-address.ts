import type { ProviderDefinition } from './types.ts'

/** What stands for the values of variables that a place knows. */
export interface KnownNames {
  readonly variables: ProviderDefinition['variables']
  /** Names that have a value when the address is made whole. */
  readonly known: ReadonlySet<string>
}

type Variable = ProviderDefinition['variables'][string]

interface Placeholder {
  readonly name: string
  /** `hostname` of `{web.hostname}`. */
  readonly part: string | undefined
  readonly before: string
  readonly after: string
}

/** A host name or an IPv6 address, a port, a path and a query, all of characters that need no escape. */
const wholeAddress =
  /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?(\/[\w\-.~!$&()*+,;=:@%/]*)?(\?[\w\-.~!$&()*+,;=:@%/?]*)?$/i

/** Why a template is no address; undefined: it is one, whatever the values of its variables are. */
export function addressProblem(template: string, names: KnownNames): string | undefined {
  const placeholders = placeholdersOf(template)
  for (const placeholder of placeholders) {
    const problem = nameProblem(placeholder, names) ?? placeProblem(placeholder, names)
    if (problem !== undefined) return problem
  }
  const [first] = placeholders
  const isBased = first !== undefined && first.before === '' && first.part === undefined
  const text = template.replaceAll(/\{[^{}]*\}/g, 'x')
  if (/[{}]/.test(text)) return 'has a brace without its pair'
  const whole = isBased ? `https://${text}` : text
  if (!wholeAddress.test(whole)) return 'must be an address that begins with https://'
  if (/\/(\.|%2e){1,2}(\/|\?|$)/i.test(whole)) return 'has a dot segment'
  if (/^https:[^?]*?[^/]:443(\/|\?|$)|^http:[^?]*?[^/]:80(\/|\?|$)/i.test(whole)) {
    return 'names the default port, which is left out'
  }
  return undefined
}

/** The same for a base URL, to which a path is added. */
export function baseProblem(template: string, names: KnownNames): string | undefined {
  const problem = addressProblem(template, names)
  if (problem !== undefined || !/\/$|\?/.test(template)) return problem
  return 'must be a base URL, without a slash at the end and a query'
}

/** In the order in which they stand. */
export function placeholdersOf(template: string): Placeholder[] {
  return [...template.matchAll(/\{([^{}]*)\}/g)].map((match) => {
    const [whole, text = ''] = match
    const [name = '', part] = text.split('.', 2)
    const after = template.slice(match.index + whole.length)
    return { name, part, before: template.slice(0, match.index), after }
  })
}

function nameProblem({ name, part }: Placeholder, { variables, known }: KnownNames) {
  const isVariable = Object.hasOwn(variables, name)
  if (!isVariable && !known.has(name)) return `there is no variable ${name}`
  if (!known.has(name)) return `needs the variable ${name}, which has no value here`
  if (part === undefined) return undefined
  const variable = isVariable ? variables[name] : undefined
  const isBase = variable?.kind === 'host' || variable?.kind === 'derived'
  return part === 'hostname' && isBase ? undefined : `${name} has no ${part}`
}

/** A variable may fill nothing but what it was checked for: see `variableSchema`. */
function placeProblem(placeholder: Placeholder, { variables }: KnownNames): string | undefined {
  const { name, part, before, after } = placeholder
  const variable = Object.hasOwn(variables, name) ? variables[name] : undefined
  const isBase =
    variable?.kind === 'host' ||
    variable?.kind === 'origin' ||
    variable?.kind === 'derived' ||
    isChoiceOfBases(variable)
  if (isBase && part === undefined) {
    const isAtBeginning = before === '' && /^(\/|\?|$)/.test(after)
    return isAtBeginning ? undefined : `${name} is a base URL, which stands at the beginning`
  }
  if (!/^(https?:\/\/|\{)/.test(before)) return `${name} stands where the scheme of the address is`
  const isInHostName = /^https?:\/\/[^/?]*$/.test(before)
  if (variable?.kind === 'choice') return undefined
  if (isInHostName) return hostNameProblem(placeholder, variable)
  const isWhole =
    /[/=]$/.test(before) && (before.includes('?') ? /^(&|$)/ : /^(\/|\?|$)/).test(after)
  return isWhole ? undefined : `${name} must be a whole segment of the path`
}

function hostNameProblem({ name, part, before, after }: Placeholder, variable?: Variable) {
  const begins = /(\/\/|\.)$/.test(before)
  if (part === 'hostname') {
    return begins && /^(\/|\?|$)/.test(after) ? undefined : `${name} must end the host name`
  }
  if (variable?.kind !== 'label') return `${name} is no part of a host name`
  // Without a name behind it, the label would choose the domain.
  const isWhole =
    begins && /^(-[a-z0-9-]+)?\.[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]+)?(\/|\?|$)/i.test(after)
  return isWhole ? undefined : `${name} must be one label below a domain`
}

function isChoiceOfBases(variable: Variable | undefined): boolean {
  return (
    variable?.kind === 'choice' && variable.options.every(({ value }) => wholeAddress.test(value))
  )
}

/** Why a value of a choice could not stand in an address. */
export function optionProblem(value: string): string | undefined {
  const isWord = /^[a-z0-9][\w.~-]*$/i.test(value) && !value.includes('..')
  const isBase = wholeAddress.test(value) && !/[/?]$/.test(value) && !value.includes('?')
  return isWord || isBase ? undefined : 'must be a word without escapes, or a base URL'
}
