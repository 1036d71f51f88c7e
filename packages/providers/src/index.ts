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
  defaultHostOf,
  hostOf,
  isHostOf,
  isPlaceTold,
  placeVariableOf,
  toldHost,
  variablesAt,
} from './address.ts'
export { algolia } from './algolia.ts'
export { readAccount } from './answers/account.ts'
export { fulfils, holds, type ProviderAnswer } from './answers/condition.ts'
export { type Health, readHealth } from './answers/health.ts'
export { readFirst } from './answers/pointer.ts'
export { azureDevOps } from './azure-devops.ts'
export { bitbucket } from './bitbucket.ts'
export { buildkite } from './buildkite.ts'
export { providers } from './catalogue.ts'
export { checkDefinition, type DefinitionProblem } from './check-definition.ts'
export { github } from './github.ts'
export { gitlab } from './gitlab.ts'
export { mergePatch } from './merge-patch.ts'
export {
  appMethods,
  appOf,
  consentOf,
  credentialTypeOf,
  defaultScopesOf,
  findMethod,
  isDeviceOnly,
  isMeantBy,
  isMinted,
  isTyped,
  keyMethods,
  keyOf,
  kindWords,
  methodOf,
  oauthMethods,
  oauthOf,
  revocationOf,
  withdrawnMethods,
} from './methods.ts'
export { isTenantsOwn, ownNamePrefix } from './own-name.ts'
export { pastedVariable } from './pasted-place.ts'
export { matchesWhole } from './pattern.ts'
export { isPreset, readPreset } from './presets/read-preset.ts'
export {
  addressesOf,
  calledAddresses,
  commonReach,
  isWithin,
  type Reach,
  reachAt,
  reachOf,
  type Side,
} from './reach.ts'
export { type DefinitionRead, maxDefinitionBytes, readDefinition } from './read-definition.ts'
export { fill, namesIn, type Variables } from './template.ts'
export {
  findViolation,
  type PolicyViolation,
  type RequestedAccess,
  scopesAllowed,
} from './tenant-policy.ts'
export { tokenMarksOf } from './token-marks.ts'
export { defaultOf, isSegment, takeVariable, type Variable } from './variables.ts'
export { scopesGranted, scopesSent } from './wire-scopes.ts'
