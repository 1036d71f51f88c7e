import type { ErrorCode } from '@keywell/protocol'

/** What the page at the end of a popup says in one language. */
export interface FinishTexts {
  /** Language tag of the page. */
  readonly lang: string
  readonly headings: Readonly<Record<'connected' | 'confirming' | 'ended' | 'failed', string>>
  readonly connected: string
  readonly connectedAs: (account: string) => string
  readonly confirming: string
  readonly denied: string
  /** It ended without a reason. */
  readonly ended: string
  readonly close: string
  /** In place of an error's own English, by its code. Undefined: the page is in English. */
  readonly errors: (Readonly<Partial<Record<ErrorCode, string>>> & { other: string }) | undefined
}

const english: FinishTexts = {
  lang: 'en',
  headings: {
    connected: 'Connected',
    confirming: 'Almost connected',
    ended: 'Not connected',
    failed: 'This did not work',
  },
  connected: 'The account is connected.',
  connectedAs: (account) => `The account of ${account} is connected.`,
  confirming: 'The account is being connected. The page you came from shows when it is done.',
  denied: 'You said no at the provider. Nothing was stored.',
  ended: 'Nothing was stored.',
  close: 'You can close this window.',
  errors: undefined,
}

const german: FinishTexts = {
  lang: 'de',
  headings: {
    connected: 'Verbunden',
    confirming: 'Fast verbunden',
    ended: 'Nicht verbunden',
    failed: 'Das hat nicht geklappt',
  },
  connected: 'Das Konto ist verbunden.',
  connectedAs: (account) => `Das Konto von ${account} ist verbunden.`,
  confirming:
    'Das Konto wird gerade verbunden. Die Seite, von der Sie kommen, zeigt, wann es fertig ist.',
  denied: 'Sie haben beim Anbieter abgelehnt. Es wurde nichts gespeichert.',
  ended: 'Es wurde nichts gespeichert.',
  close: 'Sie können dieses Fenster schließen.',
  errors: {
    other: 'Es wurde nichts verbunden. Bitte versuchen Sie es erneut.',
    account_mismatch:
      'Das ist ein anderes Konto als bisher. Es wurde nichts geändert. Melden Sie sich beim Anbieter mit dem Konto an, das verbunden war, und versuchen Sie es erneut.',
    flow_expired: 'Das hat zu lange gedauert. Bitte beginnen Sie noch einmal.',
    session_expired: 'Das hat zu lange gedauert. Bitte beginnen Sie noch einmal.',
    flow_mismatch:
      'Inzwischen ist jemand anderes angemeldet. Es wurde nichts verbunden. Melden Sie sich mit Ihrem eigenen Konto an, und beginnen Sie noch einmal.',
    not_allowed_for_tenant: 'Das ist hier nicht erlaubt. Bitte fragen Sie Ihren Administrator.',
    scope_not_allowed:
      'Hier wird mehr verlangt, als erlaubt ist. Bitte fragen Sie Ihren Administrator.',
    provider_error:
      'Der Anbieter hat abgelehnt. Es wurde nichts verbunden. Bitte versuchen Sie es in einigen Minuten erneut.',
    rate_limited: 'Das war zu oft. Bitte warten Sie eine Minute, und versuchen Sie es erneut.',
    unavailable:
      'Der Dienst ist nicht erreichbar. Bitte versuchen Sie es in einigen Minuten erneut.',
  },
}

const languages: readonly FinishTexts[] = [english, german]

/**
 * The language that a reader prefers of those that there are (RFC 9110 section 12.5.4). Default: English.
 *
 * @param accepted a language tag, or the value of `Accept-Language`
 */
export function finishTextsFor(accepted: string): FinishTexts {
  let best = { texts: english, quality: 0 }
  for (const part of accepted.slice(0, 500).toLowerCase().split(',')) {
    const [range = '', ...parameters] = part.split(';').map((each) => each.trim())
    const weight = parameters.find((each) => each.startsWith('q='))
    const quality = weight === undefined ? 1 : Number(weight.slice(2))
    const texts = languages.find(({ lang }) => range === lang || range.startsWith(`${lang}-`))
    if (texts !== undefined && quality > best.quality) best = { texts, quality }
  }
  return best.texts
}
