/**
 * The catalogue of providers, as data.
 *
 * ```ts
 * const provider = findProvider('gitlab')
 * if (provider) findViolation(policy, { provider, scopes: ['api'] }) // { to: 'scopes', … }
 * ```
 */
export { findProvider, providers } from './catalogue.ts'
export { type CredentialScheme, credentialSchemeOf } from './credential-scheme.ts'
export { gitlab } from './gitlab.ts'
export {
  findViolation,
  type PolicyViolation,
  type RequestedAccess,
  scopesAllowed,
} from './tenant-policy.ts'
