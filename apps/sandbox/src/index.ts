/**
 * A stand-in GitLab for development and tests: an OAuth server on an origin of its own.
 *
 *     const sandbox = await createSandbox({ applications: [{ name: 'App', redirectUris: [callback] }] })
 *     const control = sandboxControl(sandbox.controlUrl)
 *     const [application] = await control.applications()
 *     const back = await sandboxVisitor({ username: 'ada', password: sandboxPassword }).authorize(url)
 *     await control.addFault({ ...faults.falseInvalidGrant(), times: 1 })
 *     await sandbox.stop()
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
export { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts'
export { sandboxPassword } from './store/seed.ts'
export type { Application, User } from './store/state.ts'
export { type SandboxVisitor, sandboxVisitor } from './visitor.ts'
