import type { Fault, SourceFile } from './source.ts'

/**
 * Words that this house once had for things that the field has a word for, and what is said instead;
 * undefined: the thing is gone. A word is retired when the last use of it is renamed, and stays so.
 */
const retired = new Map<string, string | undefined>([
  ['layGround', 'createPlatform'],
  ['hastenUpkeep', 'expedite'],
  ['forTheNamed', 'allowedTenants'],
  ['forTheOthers', 'default'],
  ['WaitingCalls', 'FairQueue'],
  ['whatIsLeft', 'remaining'],
  ['requireFewWrongKeys', 'limitFailedAuth'],
  ['right_from_before', undefined],
  ['ofKeyBefore', undefined],
  ['sealOld', undefined],
  ['believedMs', 'cachedMs'],
  ['ConnectWays', 'ConnectActions'],
  ['keywell-ways', 'keywell-actions'],
  ['mends', 'reconnects'],
  ['mending', 'reconnecting'],
  ['leash', 'exitWithParent'],
  ['KeyMaker', 'Actor'],
  ['AskingParts', 'LoaderParts'],
  ['askUntilTaken', 'loadUntilTaken'],
  ['vouchedAtMs', 'validatedAtMs'],
  ['verdictMs', 'negativeTtlMs'],
  ['meaningOf', 'effectOf'],
  ['Chapter', undefined],
  ['EventCheck', undefined],
  ['SignedEvents', undefined],
  ['consentMayCutOpener', undefined],
  ['codeLive', undefined],
  ['tellReplicas', 'notifyReplicas'],
  ['tell-replicas', 'notify-replicas'],
  ['own-process', 'process-hardening'],
  ['objection', 'violation'],
  ['giveBack', 'releaseClaim'],
  ['resolveDoubt', 'resolveIndeterminate'],
  ['DoubtRuling', 'RetryDecision'],
  ['doubtPauseMs', 'recheckAfterMs'],
  ['cameFrom', 'previousState'],
  ['blames', 'attributedTo'],
  ['AccessTokenNews', 'TokenProbe'],
  ['touchUpkeep', 'recordUse'],
  ['settleUpkeep', 'reschedule'],
  ['createBrake', 'createIncidentGuard'],
  ['brakeLimits', 'incidentLimits'],
  ['brake', 'incident guard'],
  ['ruleRefusal', 'decideRefusal'],
  ['ruling', 'decision'],
])

/** This list, and the tests that plant its words. */
const exempt = new Set(['test/architecture/words.ts', 'test/architecture.test.ts'])

const anyRetired = new RegExp(`(?<![\\w-])(${[...retired.keys()].join('|')})(?![\\w-])`, 'g')

/** Where a retired word is used: in code, comments, texts, names of files, or pages. */
export function wordFaults(files: readonly SourceFile[]): Fault[] {
  return files
    .filter(({ path }) => !exempt.has(path))
    .flatMap(({ path, text }) => {
      const found = new Set(`${path}\n${text}`.match(anyRetired))
      return [...found].map((word) => {
        const now = retired.get(word)
        return { path, message: now === undefined ? `"${word}" is gone` : `"${word}" is "${now}"` }
      })
    })
}
