/**
 * A stand-in GitLab for development and tests: an OAuth server on an origin of its own.
 *
 *     const sandbox = await createSandbox({ applications: [{ name: 'App', redirectUris: [callback] }] })
 *     const control = sandboxControl(sandbox.controlUrl)
 *     const [application] = await control.applications()
 *     const back = await sandboxVisitor({ username: 'ada', password: sandboxPassword }).authorize(url)
 *     await control.addFault({ ...faults.falseInvalidGrant(), times: 1 })
 *     await sandbox.stop()
 *
 * Other providers have one each, which is moved by its methods:
 *
 *     const github = await createGitHub()
 *     const app = github.registerOAuthApp({ name: 'App', redirectUris: [callback] })
 *     const back = await visit(`${github.urls.web}/login/oauth/authorize?client_id=${app.clientId}`)
 *     await github.stop()
 */
export { type SandboxControl, sandboxControl } from './control/client.ts'
export type { Counts } from './control/counters.ts'
export {
  type Effect,
  type Endpoint,
  type Fault,
  type FaultInput,
  faults,
} from './control/faults.ts'
export type {
  ApplicationInput,
  GrantSelector,
  IssuedPersonalAccessToken,
  IssuedToken,
  PersonalAccessTokenInput,
  TokenInput,
  UserInput,
} from './control/protocol.ts'
export type { RefreshRecord } from './control/refresh-log.ts'
export type { Rotation, Settings } from './control/settings.ts'
export {
  type Algolia,
  type AlgoliaApplication,
  createAlgolia,
} from './dialects/algolia/index.ts'
export {
  type Bitbucket,
  type BitbucketOptions,
  createBitbucket,
} from './dialects/bitbucket/index.ts'
export type { Consumer } from './dialects/bitbucket/state.ts'
export {
  type Buildkite,
  type BuildkiteOptions,
  createBuildkite,
} from './dialects/buildkite/index.ts'
export type { Application as BuildkiteApplication } from './dialects/buildkite/state.ts'
export type { Control } from './dialects/core/control.ts'
export { type Decision, visit } from './dialects/core/visit.ts'
export type {
  FaultInput as DialectFaultInput,
  RecordedRequest,
} from './dialects/core/wire.ts'
export { createGeneric, type Generic, type Service } from './dialects/generic/index.ts'
export type { ClientAuthentication, GenericOptions } from './dialects/generic/state.ts'
export { createGitHub, type GitHub } from './dialects/github/index.ts'
export type { GitHubApp, Installation, OAuthApp } from './dialects/github/state.ts'
export { createMicrosoft, type Microsoft } from './dialects/microsoft/index.ts'
export type { Policy, Registration } from './dialects/microsoft/state.ts'
export { type Quirk, quirks } from './quirks.ts'
export { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts'
export {
  createStandIns,
  type StandInName,
  type StandIns,
  type StandInsOptions,
  standInNames,
} from './stand-ins.ts'
export { sandboxPassword } from './store/seed.ts'
export type { Application, User } from './store/state.ts'
export { type SandboxVisitor, sandboxVisitor } from './visitor.ts'
