/**
 * German, for `KeywellProvider`:
 *
 * ```tsx
 * import { de } from '@keywell/react/de'
 *
 * <KeywellProvider messages={de}>…</KeywellProvider>
 * ```
 */
import { germanKitWords } from '@keywell/providers/german'
import type { Messages } from './messages.ts'

export const de: Messages = {
  locale: 'de',
  providers: {},
  button: {
    idle: '{provider} verbinden',
    opening: '{provider} wird geöffnet …',
    waiting: 'Warten auf {provider} …',
    confirming: '{provider} wird verbunden …',
    connected: 'Verbunden als {account}',
    connectedUnnamed: '{provider} verbunden',
    reconnect: '{provider} neu verbinden',
  },
  note: {
    blocked: 'Ihr Browser hat das Fenster blockiert. Sie können in diesem Tab weitermachen.',
    cancelled: 'Sie haben abgebrochen. Es wurde nichts geändert.',
    denied:
      'Sie haben den Zugriff auf {provider} nicht erlaubt. Es wurde nichts geändert. Sie können es erneut versuchen.',
    expired: 'Das hat zu lange gedauert. Bitte versuchen Sie es erneut.',
    error: '{provider} konnte nicht verbunden werden. Bitte versuchen Sie es erneut.',
    needs_reauth: '{provider} muss neu verbunden werden.',
  },
  popupClosed:
    'Ist das Fenster von {provider} noch offen, machen Sie dort weiter. Haben Sie es geschlossen:',
  reasons: {
    revoked: 'Der Zugriff auf {provider} wurde entzogen. Verbinden Sie es neu.',
    refresh_expired: 'Der Zugriff auf {provider} ist abgelaufen. Verbinden Sie es neu.',
    lost_rotation: 'Die Verbindung zu {provider} ging verloren. Verbinden Sie es neu.',
    token_expired:
      'Der Zugriff auf {provider} galt für begrenzte Zeit; sie ist um. Verbinden Sie es neu.',
    sign_in_again: '{provider} verlangt eine neue Anmeldung. Verbinden Sie es neu.',
  },
  providerReasons: {
    provider_unavailable:
      '{provider} ist nicht erreichbar. Bitte versuchen Sie es in einigen Minuten erneut.',
    terms_not_accepted:
      '{provider} verlangt, dass Sie den Nutzungsbedingungen zustimmen. Stimmen Sie dort zu, und versuchen Sie es erneut.',
    account_blocked:
      'Dieses Konto bei {provider} ist gesperrt oder nicht freigegeben. Bitte fragen Sie dessen Administrator.',
    two_factor_required:
      '{provider} verlangt die Zwei-Faktor-Anmeldung. Richten Sie sie dort ein, und versuchen Sie es erneut.',
    robot_check: '{provider} hält uns für einen Bot. Bitte fragen Sie Ihren Administrator.',
    approval_pending:
      'Bei {provider} muss das ein Administrator freigeben. Bitte versuchen Sie es danach erneut.',
    access_refused:
      'Dieses Konto bei {provider} darf die API nicht nutzen. Bitte fragen Sie dessen Administrator.',
    client_rejected:
      '{provider} ist hier nicht richtig eingerichtet. Bitte fragen Sie Ihren Administrator.',
    request_rejected:
      '{provider} ist hier nicht richtig eingerichtet. Bitte fragen Sie Ihren Administrator.',
    answer_unusable:
      '{provider} hat unverständlich geantwortet. Bitte versuchen Sie es später erneut.',
  },
  errors: {
    account_mismatch:
      'Das ist ein anderes Konto bei {provider} als zuvor. Es wurde nichts geändert. Melden Sie sich dort mit dem verbundenen Konto an, oder trennen Sie es zuerst.',
    flow_mismatch:
      'Jetzt ist jemand anderes angemeldet. Es wurde nichts verbunden. Melden Sie sich an, und versuchen Sie es erneut.',
    host_not_allowed:
      'Diese Adresse von {provider} ist hier nicht eingerichtet. Bitte fragen Sie Ihren Administrator.',
    host_required:
      '{provider} ist hier nicht richtig eingerichtet. Bitte fragen Sie Ihren Administrator.',
    integration_missing:
      '{provider} ist hier nicht eingerichtet. Bitte fragen Sie Ihren Administrator.',
    key_refused:
      '{provider} hat den Schlüssel nicht angenommen. Es wurde nichts verbunden. Kopieren Sie ihn neu, und versuchen Sie es erneut.',
    not_allowed_for_tenant: 'Das ist hier nicht erlaubt. Bitte fragen Sie Ihren Administrator.',
    origin_not_allowed:
      'Diese Seite darf keine Konten verbinden. Bitte fragen Sie Ihren Administrator.',
    rate_limited: 'Das war zu oft. Bitte warten Sie eine Minute, und versuchen Sie es erneut.',
    scope_not_allowed:
      'Diese Seite verlangt mehr, als erlaubt ist. Bitte fragen Sie Ihren Administrator.',
    unauthorized:
      'Sie sind nicht mehr angemeldet. Melden Sie sich an, und versuchen Sie es erneut.',
    unavailable:
      'Der Dienst ist nicht erreichbar. Bitte versuchen Sie es in einigen Minuten erneut.',
  },
  notLoaded: 'Das konnte nicht geladen werden. Bitte laden Sie die Seite neu.',
  reference: 'Für Ihren Administrator: {id}',
  actions: {
    reopen: 'Erneut öffnen',
    cancel: 'Abbrechen',
    continueHere: 'In diesem Tab weitermachen',
    retry: 'Erneut versuchen',
    disconnect: 'Trennen',
  },
  popup: 'Verbindung mit {provider} …',
  account: {
    account: 'Konto',
    host: 'Adresse',
    since: 'Verbunden',
    ends: 'Zugriff endet',
    missing: 'Nicht erlaubt',
    manage: 'Verwalten',
    reconnect: 'Neu verbinden',
    scopes: 'Zugriff ändern',
    disconnect: 'Trennen',
    close: 'Schließen',
  },
  disconnect: {
    title: '{provider} trennen?',
    text: 'Diese App verliert ihren Zugriff auf {provider}. Dort wird nichts gelöscht, und Sie können jederzeit neu verbinden.',
    keep: 'Verbunden lassen',
    confirm: '{provider} trennen',
    busy: 'Wird getrennt …',
    failed: 'Das hat nicht geklappt. {provider} ist noch verbunden. Bitte versuchen Sie es erneut.',
    done: '{provider} ist getrennt',
    manual:
      'Ein Schritt fehlt noch. Der Schlüssel gilt bei {provider}, bis Sie ihn dort entfernen.',
    open: 'Bei {provider} entfernen',
  },
  host: {
    label: 'Adresse Ihres {provider}',
    hint: 'Jede Adresse von dort genügt, etwa die eines Projekts.',
    check: 'Prüfen',
    checking: '{provider} wird gesucht …',
    ready: '{provider} wurde dort gefunden und kann verbunden werden.',
    notRegistered:
      '{provider} wurde dort gefunden, ist hier aber nicht eingerichtet. Bitte geben Sie das an Ihren Administrator weiter.',
    notRecognised:
      'Das ist keine Adresse von {provider}. Kopieren Sie sie aus dem Browser, während Sie bei {provider} sind.',
    unreachable:
      'Diese Adresse ist nicht erreichbar. Prüfen Sie die Schreibweise, oder fragen Sie Ihren Administrator, ob sie in einem privaten Netz liegt.',
    notAllowed: 'Diese Adresse ist hier nicht erlaubt.',
    error: 'Die Adresse konnte nicht geprüft werden. Bitte versuchen Sie es erneut.',
    page: 'Registrieren Sie eine App unter',
    redirectUri: 'Weiterleitungsadresse (Redirect URI)',
    scopes: 'Berechtigungen (Scopes)',
  },
  variable: {
    label: '{variable} bei {provider}',
    hint: 'Wie in {example}. Die ganze Adresse genügt auch.',
    choiceHint: 'Wählen Sie, wo Ihr Konto liegt.',
    choose: 'Bitte wählen',
    ready: '{provider} kann dort verbunden werden.',
    notAllowed:
      'Das stimmt nicht oder ist hier nicht erlaubt. Sehen Sie in der Adresse Ihres {provider} nach.',
    error: 'Das konnte nicht geprüft werden. Bitte versuchen Sie es erneut.',
  },
  scopes: {
    legend: 'Was diese App in {provider} darf',
    loading: 'Es wird nachgesehen, was erlaubt werden kann …',
    failed: 'Was erlaubt werden kann, ließ sich nicht nachsehen. Bitte versuchen Sie es erneut.',
    signedOut: 'Sie sind nicht mehr angemeldet. Melden Sie sich an, und versuchen Sie es erneut.',
    missing: '{provider} ist hier nicht eingerichtet. Bitte fragen Sie Ihren Administrator.',
    nothing: 'In {provider} kann hier nichts erlaubt werden. Bitte fragen Sie Ihren Administrator.',
    retry: 'Erneut versuchen',
    presets: 'Wie viel',
    own: 'Eigene Auswahl',
    ownSentence: 'Jede Berechtigung unten einzeln wählen.',
    required: 'Immer nötig',
    included: 'Enthalten in {list}',
    low: 'Geringes Risiko',
    medium: 'Mittleres Risiko',
    high: 'Hohes Risiko',
    critical: 'Sehr hohes Risiko',
    without: 'Geht nicht mehr ohne sie: {count}',
    adds: 'Geht mit ihr: {count}',
    summary: '{count} von {total} Aktionen gehen mit dieser Auswahl.',
    count: 'Gewählte Berechtigungen: {count}.',
    broken: 'Diese App braucht mehr für: {list}.',
    empty: 'Bitte wählen Sie mindestens eine Berechtigung.',
    changes: 'Was sich ändert',
    same: 'Es ändert sich nichts.',
    kept: 'Bisher erlaubt',
    added: 'Neu',
    removed: 'Entfällt',
    choose: 'Zugriff auswählen',
    change: 'Zugriff ändern',
    confirm: 'Weiter zu {provider}',
    cancel: 'Abbrechen',
  },
  scopeWords: germanKitWords,
  status: {
    ok: 'Verbunden',
    unknown: 'Verbunden',
    degraded: 'Hat Probleme',
    needs_reauth: 'Muss neu verbunden werden',
    disconnected: 'Getrennt',
    checked: 'Geprüft: {when}',
    unchecked: 'Noch nicht geprüft',
    now: 'gerade eben',
  },
  health: {
    revoked: 'Der Zugriff wurde bei {provider} entzogen.',
    refresh_expired: 'Der Zugriff auf {provider} ist abgelaufen.',
    lost_rotation: 'Die Verbindung zu {provider} ging verloren.',
    token_expired: 'Der Zugriff galt für begrenzte Zeit; sie ist um.',
    sign_in_again: '{provider} verlangt eine neue Anmeldung.',
    account_mismatch: 'Sie führt jetzt zu einem anderen Konto bei {provider}. Verbinden Sie neu.',
    setup: '{provider} ist hier nicht richtig eingerichtet. Bitte fragen Sie Ihren Administrator.',
    other: '{provider} hat nicht wie erwartet geantwortet. Das wird von selbst erneut versucht.',
  },
  manager: {
    heading: 'Verbundene Konten',
    loading: 'Ihre Konten werden geladen …',
    empty: 'Noch kein Konto ist verbunden',
    emptyHint: 'Verbinden Sie eines. Den Zugriff können Sie jederzeit zurücknehmen.',
    error:
      'Ihre Konten können gerade nicht angezeigt werden. Sie bleiben verbunden. Bitte versuchen Sie es erneut.',
    retry: 'Erneut versuchen',
    more: 'Mehr anzeigen',
    shown: '{shown} von {total} Konten',
    manage: '{account} verwalten',
    scopes: 'Erlaubt',
    used: 'Zuletzt benutzt',
    never: 'Noch nie',
    lastUsed: 'Zuletzt benutzt {when}',
    andMore: '{scope}, und {count} weitere',
    missing: 'Nicht erlaubt: {list}',
    ends: 'Zugriff endet {when}',
    add: 'Weiteres Konto bei {provider} hinzufügen',
    name: 'Name des Kontos',
    nameHint: 'Daran unterscheiden Sie Ihre Konten bei {provider}, etwa „arbeit“.',
    suggestion: 'konto-{count}',
    cancel: 'Abbrechen',
    added: '{account} ist verbunden.',
    gone: '{account} ist nicht mehr verbunden.',
    attention: '{account} muss neu verbunden werden.',
  },
}
