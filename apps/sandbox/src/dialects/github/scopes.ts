// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps

/** Scopes, and what each of them includes. */
const included: Readonly<Record<string, readonly string[]>> = {
  repo: ['repo:status', 'repo_deployment', 'public_repo', 'repo:invite', 'security_events'],
  'admin:repo_hook': ['write:repo_hook', 'read:repo_hook'],
  'write:repo_hook': ['read:repo_hook'],
  'admin:org': ['write:org', 'read:org'],
  'write:org': ['read:org'],
  'admin:public_key': ['write:public_key', 'read:public_key'],
  'write:public_key': ['read:public_key'],
  'admin:org_hook': [],
  gist: [],
  notifications: [],
  user: ['read:user', 'user:email', 'user:follow'],
  project: ['read:project'],
  delete_repo: [],
  'write:packages': ['read:packages'],
  'delete:packages': [],
  'admin:gpg_key': ['write:gpg_key', 'read:gpg_key'],
  'write:gpg_key': ['read:gpg_key'],
  codespace: [],
  workflow: [],
  'read:audit_log': [],
}
const known = new Set([...Object.keys(included), ...Object.values(included).flat()])

/** Separated by spaces, as the page says, or by commas, as GitHub's own client sends them. */
export function readScopes(text: string | undefined): string[] {
  return normalize((text ?? '').split(/[ ,]/).filter((scope) => known.has(scope)))
}

/** "Normalized scopes": what another one includes is left out. */
export function normalize(scopes: readonly string[]): string[] {
  const implied = new Set(scopes.flatMap((scope) => included[scope] ?? []))
  return [...new Set(scopes)].filter((scope) => !implied.has(scope))
}

export function covers(granted: Iterable<string>, scope: string): boolean {
  return [...granted].some((each) => each === scope || included[each]?.includes(scope))
}
