// https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc

/** What an access token is for. */
export type Resource = 'graph' | 'azure_devops'

/** A scope of a resource; those of OpenID Connect have none. */
export interface Scope {
  resource: Resource | undefined
  name: string
}

const oidc = new Set(['openid', 'profile', 'email', 'offline_access'])

/** How a scope may begin: https://learn.microsoft.com/en-us/azure/devops/integrate/get-started/authentication/entra-oauth */
const prefixes: Readonly<Record<string, Resource>> = {
  '499b84ac-1321-427f-aa17-267ca6975798': 'azure_devops',
  'https://app.vssps.visualstudio.com': 'azure_devops',
  'https://graph.microsoft.com': 'graph',
  '00000003-0000-0000-c000-000000000000': 'graph',
}

/** The `aud` of an access token. */
const audiences: Readonly<Record<Resource, string>> = {
  graph: 'https://graph.microsoft.com',
  azure_devops: '499b84ac-1321-427f-aa17-267ca6975798',
}

/** Undefined: one of them is of no resource that there is. */
export function readScopes(text: string): Scope[] | undefined {
  const scopes = text
    .split(' ')
    .filter((scope) => scope !== '')
    .map(readScope)
  return scopes.every((scope) => scope !== undefined) ? scopes : undefined
}

function readScope(text: string): Scope | undefined {
  const end = text.lastIndexOf('/')
  // Without a resource it is one of Graph.
  if (end === -1) return { resource: oidc.has(text) ? undefined : 'graph', name: text }
  const resource = prefixes[text.slice(0, end)]
  return resource === undefined ? undefined : { resource, name: text.slice(end + 1) }
}

/** One way to write it, for comparing. */
export function keyOf({ resource, name }: Scope): string {
  return resource === undefined ? name : `${audiences[resource]}/${name}`
}

/** Whether what was consented to covers what is asked for; `.default` is all of a resource. */
export function isCovered(consented: ReadonlySet<string>, scope: Scope): boolean {
  const { resource, name } = scope
  if (resource === undefined || consented.has(keyOf(scope))) return true
  if (consented.has(keyOf({ resource, name: '.default' }))) return true
  const start = `${audiences[resource]}/`
  return name === '.default' && [...consented].some((each) => each.startsWith(start))
}
