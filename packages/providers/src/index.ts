/**
 * The catalogue of providers, as data.
 *
 * ```ts
 * const provider = findProvider('gitlab')
 * if (provider) missingScopes(provider, ['read_user', 'email'], ['api']) // ['email']
 * ```
 */
export { findProvider, providers } from './catalogue.ts'
export { type CredentialScheme, credentialSchemeOf } from './credential-scheme.ts'
export { gitlab } from './gitlab.ts'
export { impliedScopes, missingScopes } from './scopes.ts'
export {
  findViolation,
  type PolicyViolation,
  type RequestedAccess,
  scopesAllowed,
} from './tenant-policy.ts'
