/**
 * The catalogue of providers, as data.
 *
 * ```ts
 * const provider = findProvider('gitlab')
 * if (provider) missingScopes(provider, ['read_user', 'email'], ['api']) // ['email']
 * ```
 */
export { findProvider, providers } from './catalogue.ts'
export { gitlab } from './gitlab.ts'
export { type Handling, handlingOf } from './handling.ts'
export { impliedScopes, missingScopes } from './scopes.ts'
export { type Objection, objectionTo, scopesAllowed, type Wanted } from './tenant-policy.ts'
