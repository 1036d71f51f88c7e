import type { Preset } from '@keywell/protocol'
import type { DefinitionProblem } from '../check-definition.ts'

/** Places of a definition, and the fields of a preset that they are made of. The first that fits counts. */
const places: readonly (readonly [made: string, field: string])[] = [
  ['/api/base', '/base'],
  ['/api/also', '/also'],
  ['/registration/url', '/appsUrl'],
  ['/auth/0/manualUrl', '/manualUrl'],
  ['/auth/0/authorize/url', '/authorizeUrl'],
  ['/auth/0/authorize/issuer', '/issuer'],
  ['/auth/0/authorize/parameters', '/parameters'],
  ['/auth/0/token/url', '/tokenUrl'],
  ['/auth/0/revocation/url', '/revokeUrl'],
  ['/auth/0/defaultScopes', '/defaultScopes'],
  ['/auth/0/identity/request/url', '/identity/url'],
  ['/auth/0/identity', '/identity'],
  ['/auth/0/health/request/url', '/health/url'],
  ['/auth/0/health', '/health'],
  ['/auth/0/fields/0', '/field'],
  ['/auth/0/send/0', '/header'],
  ['/auth/0/steps', '/steps'],
]

/** With OpenID Connect the metadata of the issuer has these. */
const discovered: typeof places = [
  ['/auth/0/authorize/url', '/discovered/authorization_endpoint'],
  ['/auth/0/token/url', '/discovered/token_endpoint'],
  ['/auth/0/revocation/url', '/discovered/revocation_endpoint'],
  ['/auth/0/identity', '/discovered/userinfo_endpoint'],
  ['/auth/0/health', '/discovered/userinfo_endpoint'],
]

/** A problem of a definition, at the field of the preset that it was made of. */
export function atPreset(
  preset: Preset,
  { pointer, reason }: DefinitionProblem,
): DefinitionProblem {
  const table = [
    ...(preset.preset === 'oidc' ? discovered : []),
    ...(preset.preset === 'oidc' && preset.base === undefined
      ? [['/api/base', '/issuer'] as const]
      : []),
    ...('basic' in preset && preset.basic ? [['/auth/0/send/0', '/basic'] as const] : []),
    ...places,
  ]
  const [made = '', field = ''] =
    table.find(([each]) => pointer === each || pointer.startsWith(`${each}/`)) ?? []
  // What has no other name there, such as `/title` and `/scopes`, is the field itself.
  return { pointer: `${field}${pointer.slice(made.length)}`, reason }
}
