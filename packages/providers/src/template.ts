/** The values that make a definition's addresses whole, by the names of its variables. */
export type Variables = Readonly<Record<string, string>>

/** The names that stand in a template, such as `host` and `web.hostname`. */
export function namesIn(template: string): string[] {
  return [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
}

/**
 * A template with its variables in their places. `{web.hostname}` is the name of the host of a base URL. Letters of a
 * host name are small, however a provider spells the value elsewhere.
 *
 * @throws TypeError for a variable that is missing
 */
export function fill(template: string, variables: Variables): string {
  const [authority = ''] = /^https?:\/\/[^/?#]*/.exec(template) ?? []
  const put = (text: string) =>
    text.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => lookUp(template, variables, name))
  return put(authority).toLowerCase() + put(template.slice(authority.length))
}

function lookUp(template: string, variables: Variables, name: string): string {
  const [variable = '', part] = name.split('.')
  const value = Object.hasOwn(variables, variable) ? variables[variable] : undefined
  if (value === undefined) throw new TypeError(`${template}: there is no ${name}`)
  return part === 'hostname' ? new URL(value).hostname : value
}

/**
 * The inverse, of a template with one name in it: the value that makes it this text. Undefined where none does.
 */
export function valueIn(template: string, text: string): string | undefined {
  const [before = '', after = ''] = template.split(/\{[^{}]*\}/)
  const fits = text.startsWith(before) && text.endsWith(after)
  if (!fits || text.length <= before.length + after.length) return undefined
  return text.slice(before.length, text.length - after.length)
}
