/**
 * The catalogue of providers, as data.
 *
 * ```ts
 * const [provider] = providers
 * findViolation(policy, { provider, scopes: ['api'] }) // { to: 'scopes', … }
 * ```
 */

export {
  addressOf,
  calledAddresses,
  defaultHostOf,
  type Variables,
  variablesAt,
} from './address.ts'
export { readAccount } from './answers/account.ts'
export { fulfils, holds, type ProviderAnswer } from './answers/condition.ts'
export { type Health, readHealth } from './answers/health.ts'
export { readFirst } from './answers/pointer.ts'
export { providers } from './catalogue.ts'
export { gitlab } from './gitlab.ts'
export {
  findKey,
  findOAuth,
  methodOf,
  oauthOf,
  revocationOf,
  withdrawnTypes,
} from './methods.ts'
export {
  findViolation,
  type PolicyViolation,
  type RequestedAccess,
  scopesAllowed,
} from './tenant-policy.ts'
