/**
 * The rules by which a credential is kept, as pure functions: what an event does to a state, and whether a
 * refresh token whose last use has no known outcome may be sent again. The service runs on them. A tool that
 * explores or simulates it can, too.
 *
 * ```ts
 * const next = step(state, { kind: 'ambiguous' }, { jitter: Math.random })
 * const decision = resolveIndeterminate(provider.refresh, { unresolvedForMs: 5_000, accessTokenEndsInMs: null })
 * ```
 */
export {
  type RecheckState,
  type RetryDecision,
  recheckStateAfter,
  resolveIndeterminate,
} from './indeterminate.ts'
export {
  type Death,
  type RefreshState,
  type ScheduleEvent,
  type Step,
  step,
  type TokenProbe,
} from './machine.ts'
