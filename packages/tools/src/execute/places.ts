/** Places that arguments name, such as projects and groups: written in one way, and compared with the policy. */
import type { ToolDefinition, ToolParameter } from '../definition.ts'
import type { Look, PageAddress, ProviderTools } from '../provider-tools.ts'
import type { Arguments, NamedArguments } from '../read-arguments.ts'
import type { Place, PlaceMemory, ToolConnection, ToolPolicy } from './ports.ts'

export interface PlaceContext {
  readonly tool: ToolDefinition
  readonly provider: ProviderTools
  readonly connection: ToolConnection
  readonly policy: ToolPolicy
  readonly memory: PlaceMemory
  readonly look: Look
}

/** Fills in the default places, and takes an address of a page for the place and the number that it is about. */
export function placeArguments(
  { tool, provider, connection, policy }: Omit<PlaceContext, 'memory' | 'look'>,
  { named, issues }: NamedArguments,
): NamedArguments {
  const filled: Record<string, unknown> = { ...named }
  const found = [...issues]
  for (const parameter of tool.parameters) {
    const value = filled[parameter.name]
    if (typeof value !== 'string' || !isAddressable(parameter)) continue
    if (!/^https?:\/\//i.test(value)) {
      filled[parameter.name] = isWhole(parameter) ? unescaped(value) : value
      continue
    }
    const page = pageOf(value, connection.host, provider)
    const problem =
      page === undefined
        ? `It is no address of a page of ${connection.host} that says which one is meant.`
        : takePage(page, parameter, tool, filled)
    if (problem !== undefined) found.push({ field: parameter.name, problem })
  }
  for (const parameter of tool.parameters) {
    const left = parameter.place === undefined ? undefined : policy.defaultPlaces[parameter.place]
    const isLeftOut = namesOf(parameter).every((name) => filled[name] === undefined)
    if (parameter.in === 'path' && left !== undefined && isLeftOut) {
      Object.assign(filled, valuesFor(parameter, left))
    }
  }
  return { named: filled, issues: found }
}

/** The parameters that name a place together with this one. */
function namesOf({ name, placeWithin }: ToolParameter): string[] {
  return placeWithin === undefined ? [name] : [placeWithin, name]
}

/** Whether it names a place by itself. */
function isWhole({ place, placeWithin }: ToolParameter): boolean {
  return place !== undefined && placeWithin === undefined
}

/** The arguments that name a place. */
function valuesFor({ name, placeWithin }: ToolParameter, path: string): Record<string, string> {
  if (placeWithin === undefined) return { [name]: path }
  const end = path.lastIndexOf('/')
  return { [placeWithin]: path.slice(0, Math.max(0, end)), [name]: path.slice(end + 1) }
}

/** What they name. Undefined: it is left out. */
function placeIn(parameter: ToolParameter, given: Arguments): unknown {
  const values = namesOf(parameter).map((name) => given[name])
  if (values.some((value) => value === undefined)) return undefined
  if (values.length === 1) return values[0]
  // A slash in a part of it would make it another place.
  return values.every((value) => typeof value === 'string' && !value.includes('/'))
    ? values.join('/')
    : ''
}

function isAddressable(parameter: ToolParameter): boolean {
  return parameter.place !== undefined || (parameter.in === 'path' && parameter.type === 'integer')
}

/** A place that is encoded already: no path of one has a percent sign of its own. */
function unescaped(value: string): string {
  if (!/%2f/i.test(value)) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function pageOf(
  address: string,
  host: string,
  { readPagePath }: ProviderTools,
): PageAddress | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  const root = new URL(host.endsWith('/') ? host : `${host}/`)
  if (url.origin !== root.origin || !url.pathname.startsWith(root.pathname)) return undefined
  return readPagePath?.(url.pathname.slice(root.pathname.length))
}

/** Returns what is wrong. */
function takePage(
  page: PageAddress,
  parameter: ToolParameter,
  { parameters }: ToolDefinition,
  filled: Record<string, unknown>,
): string | undefined {
  const { name, place } = parameter
  const address = filled[name]
  if (place !== undefined && place !== page.kind) {
    return `It is the address of a ${page.kind}, and a ${place} is asked for.`
  }
  if (place === undefined && page.values[name] === undefined) {
    return 'The address is about something else.'
  }
  const home =
    place === undefined
      ? parameters.find((each) => each.place === page.kind && each.in === 'path')
      : parameter
  const values = { ...page.values, ...(home && valuesFor(home, page.path)) }
  for (const [key, value] of Object.entries(values)) {
    if (!parameters.some((each) => each.name === key)) continue
    const given = filled[key]
    // The same address may stand for each of them.
    const isFree = given === undefined || given === address
    if (!isFree && String(given) !== value) {
      return `The address says ${value} for ${key}, and the argument something else.`
    }
    filled[key] = value
  }
  return undefined
}

/** Why the policy does not let the tool reach where its arguments point; undefined: it does. */
export async function placeProblem(
  context: PlaceContext,
  given: Arguments,
): Promise<{ readonly field: string; readonly allowed: readonly string[] } | undefined> {
  const { tool, policy } = context
  const kinds = Object.keys(policy.places)
  if (kinds.length === 0) return undefined
  const limited = tool.parameters.filter(
    ({ place }) => place !== undefined && kinds.includes(place),
  )
  // A search of the whole host, for one.
  if (limited.length === 0 && !policy.named.includes(tool.name)) return { field: '', allowed: [] }
  for (const kind of new Set(limited.map(({ place = '' }) => place))) {
    const allowed = policy.places[kind] ?? []
    const own = limited.filter(({ place }) => place === kind)
    const named = own.filter((parameter) => placeIn(parameter, given) !== undefined)
    // Left out, an optional place is one of the provider's choice. A required one is missed later.
    const [first] = own
    if (first !== undefined && named.length === 0 && !own.some(({ required }) => required)) {
      return { field: first.name, allowed }
    }
    for (const parameter of named) {
      if (!(await isAllowed(context, kind, placeIn(parameter, given), allowed))) {
        return { field: parameter.name, allowed }
      }
    }
  }
  return undefined
}

async function isAllowed(
  context: PlaceContext,
  kind: string,
  value: unknown,
  allowed: readonly string[],
): Promise<boolean> {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return false
  const name = text.toLowerCase()
  if (!isNumber(name) && !isCleanPath(name)) return false
  if (allowed.some((each) => covers(each, name))) return true
  // A number may be allowed by its path, and a path by its number.
  if (allowed.every((each) => isNumber(each) === isNumber(name))) return false
  const place = await lookUp(context, kind, name)
  if (place === undefined) return false
  return allowed.some((each) => covers(each, place.number) || covers(each, place.path))
}

/** `acme/*` covers what is below `acme`, at any depth. */
function covers(allowed: string, name: string): boolean {
  const pattern = allowed.toLowerCase()
  if (isNumber(name) || !pattern.endsWith('/*')) return pattern === name
  return name.startsWith(pattern.slice(0, -1))
}

function isNumber(name: string): boolean {
  return /^\d+$/.test(name)
}

/** Nothing in it leads out of where it begins, also where something on the way resolves or decodes it. */
function isCleanPath(path: string): boolean {
  return (
    /^[^%?#\\\s]+$/.test(path) &&
    path.split('/').every((segment) => !['', '.', '..'].includes(segment))
  )
}

async function lookUp(
  { connection, provider, memory, look }: PlaceContext,
  kind: string,
  name: string,
): Promise<Place | undefined> {
  const key = `${connection.id} ${kind} ${name}`
  const known = memory.get(key)
  const way = provider.placeKinds[kind]
  if (known !== undefined || way === undefined) return known
  const parts = way.hasSegments ? name.split('/') : [name]
  const segments = parts.map(encodeURIComponent).join('/')
  const path = `${provider.apiRoot}${way.path.replace('{place}', () => segments)}`
  const answer = await look({ path }, true)
  if (typeof answer !== 'object' || answer === null) return undefined
  const fields = answer as Record<string, unknown>
  const number = fields[way.numberField]
  const fullPath = fields[way.pathField]
  if (typeof number !== 'number' || typeof fullPath !== 'string') return undefined
  const place = { number: String(number), path: fullPath.toLowerCase() }
  memory.set(key, place)
  return place
}
