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
  ['LeftFlow', 'PendingRedirect'],
  ['takeLeftFlow', 'takeRedirect'],
  ['FlowNews', 'FlowMessage'],
  ['newsChannel', 'messageChannel'],
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
  ['handOut', 'commit'],
  ['createBlame', 'createSuspension'],
  ['BlamedIntegration', 'UsedIntegration'],
  ['heardAgoMs', 'seenAgoMs'],
  ['ProbeNews', 'ProbeResult'],
])

/** The same in a part of the tree, for words that have another use elsewhere. */
const retiredIn: readonly { folders: readonly string[]; pattern: RegExp; now: string }[] = [
  {
    folders: ['packages/sdk/', 'packages/protocol/', 'packages/react/'],
    pattern: /[Uu]nless told/g,
    now: 'Default: …',
  },
  { folders: ['packages/sdk/'], pattern: wordOf('vouch'), now: 'validate' },
  { folders: ['packages/sdk/'], pattern: wordOf('told|tell'), now: 'sent, notify or report' },
  { folders: ['packages/sdk/'], pattern: wordOf('heard|hear'), now: 'received' },
]

/** As a word, with its endings, or as a part of an identifier. */
function wordOf(stems: string): RegExp {
  const capital = stems.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase())
  return new RegExp(`(?:(?<![A-Za-z])(?:${stems})|(?:${capital}))(?:e?[sd]|ing)?(?![a-z])`, 'g')
}

/** This list, and the tests that plant its words. */
const exempt = new Set(['test/architecture/words.ts', 'test/architecture.test.ts'])

const anyRetired = new RegExp(`(?<![\\w-])(${[...retired.keys()].join('|')})(?![\\w-])`, 'g')

/** Where a retired word is used: in code, comments, texts, names of files, or pages. */
export function wordFaults(files: readonly SourceFile[]): Fault[] {
  return files
    .filter(({ path }) => !exempt.has(path))
    .flatMap(({ path, text }) => {
      const whole = `${path}\n${text}`
      const everywhere = [...new Set(whole.match(anyRetired))].map((word) => {
        const now = retired.get(word)
        return { path, message: now === undefined ? `"${word}" is gone` : `"${word}" is "${now}"` }
      })
      const here = retiredIn
        .filter(({ folders }) => folders.some((folder) => path.startsWith(folder)))
        .flatMap(({ pattern, now }) =>
          [...new Set(whole.match(pattern))].map((word) => ({
            path,
            message: `"${word}" is "${now}" here`,
          })),
        )
      return [...everywhere, ...here]
    })
}
