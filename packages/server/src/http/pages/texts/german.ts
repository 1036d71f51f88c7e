import { germanWords } from '@keywell/providers/german'
import type { Texts } from './texts.ts'

export const german: Texts = {
  lang: 'de',
  frame: {
    going: (host) => `Weiter zu ${host} …`,
    goOn: 'Weiter',
    ifNothing: (link) => `${link}, falls nichts geschieht.`,
  },
  problems: {
    session_expired:
      'Dieser Link ist abgelaufen oder wurde schon benutzt. Bitten Sie dort um einen neuen, wo Sie ihn bekommen haben.',
    flow_expired: 'Dieser Versuch ist abgelaufen. Bitte beginnen Sie noch einmal.',
    flow_mismatch:
      'Dieser Versuch hat in einem anderen Browser begonnen. Bitte beginnen Sie noch einmal, und bleiben Sie im selben Browser.',
    origin_not_allowed:
      'Das Formular kam nicht von einer Seite dieses Dienstes. Bitte beginnen Sie noch einmal.',
    not_allowed_for_tenant: 'Das ist hier nicht erlaubt. Bitte fragen Sie Ihren Administrator.',
    key_refused:
      'Der Schlüssel wird dort nicht angenommen. Prüfen Sie, ob er ganz kopiert ist, noch gilt und dort angelegt wurde.',
    scope_missing:
      'Der Schlüssel darf weniger, als gebraucht wird. Legen Sie einen neuen mit genau den Berechtigungen unten an.',
    scope_not_allowed:
      'Der Schlüssel darf mehr, als hier erlaubt ist. Legen Sie einen neuen mit genau den Berechtigungen unten an.',
    host_not_allowed: 'Diese Adresse ist hier nicht erlaubt. Bitte fragen Sie Ihren Administrator.',
    invalid_request: 'Die Eingabe ist nicht vollständig. Bitte versuchen Sie es erneut.',
    provider_error:
      'Die Antwort war unverständlich. Bitte versuchen Sie es in einigen Minuten erneut.',
    rate_limited: 'Das war zu oft. Bitte warten Sie eine Minute, und versuchen Sie es erneut.',
    unavailable:
      'Der Dienst ist nicht erreichbar. Bitte versuchen Sie es in einigen Minuten erneut.',
    internal: 'Das hat nicht geklappt. Bitte versuchen Sie es in einigen Minuten erneut.',
    not_found: 'Das gibt es nicht mehr. Bitte beginnen Sie noch einmal.',
    unauthorized: 'Dieser Versuch gilt nicht mehr. Bitte beginnen Sie noch einmal.',
  },
  problem: {
    flow: 'Die Anmeldung wurde nicht abgeschlossen',
    link: 'Dieser Link funktioniert nicht',
    close: 'Sie können dieses Fenster schließen und dorthin zurückgehen, woher Sie kamen.',
  },
  link: {
    title: ({ app, provider }) => `${provider} mit ${app} verbinden`,
    heading: ({ app, provider }) => `${app} möchte Ihr Konto bei ${provider} verbinden`,
    choose: (app) => `Was möchten Sie mit ${app} verbinden?`,
    account: (app) => `Konto bei ${app}`,
    notYou: 'Ist das nicht Ihres, schließen Sie diese Seite: Es wird nichts verbunden.',
    reconnects: ({ provider }, account) =>
      `Melden Sie sich bei ${provider} als ${account} an, dem Konto, das verbunden war.`,
    host: (provider) => `Ihr ${provider}`,
    otherHost: (provider) => `Mein ${provider} hat eine andere Adresse`,
    typedHost: (provider) => `Adresse Ihres ${provider}`,
    typedHostHint: 'Jede Adresse von dort genügt, etwa die eines Projekts.',
    typedPlaceHint: (example) => `Wie in ${example}. Die ganze Adresse genügt auch.`,
    foundHost: (status, { app, provider }, host) =>
      ({
        ready: '',
        not_registered: `${provider} antwortet unter ${host}, aber ${app} ist dafür noch nicht eingerichtet. Bitte fragen Sie Ihren Administrator.`,
        not_recognised: `Unter ${host} antwortet etwas anderes als ${provider}. Kopieren Sie die Adresse aus dem Browser, während Sie bei ${provider} sind.`,
        unreachable: `Unter ${host} antwortet nichts. Prüfen Sie die Schreibweise, oder fragen Sie Ihren Administrator, ob die Adresse in einem privaten Netz liegt.`,
      })[status],
    method: 'Wie möchten Sie verbinden?',
    oauth: (provider) => `Bei ${provider} anmelden`,
    oauthHint: 'Sie stimmen dort zu und können es dort zurücknehmen.',
    installation: (provider) => `Die App bei ${provider} installieren`,
    installationHint: 'Für alle, die dort ein Konto verwalten.',
    key: (keyTitle) => `${keyTitle} einfügen`,
    keyHint: 'Wo die Anmeldung nicht eingerichtet ist.',
    scopes: (app) => `Was ${app} tun darf`,
    presets: 'Wählen Sie eine Zusammenstellung, oder jede Berechtigung einzeln.',
    required: 'Nötig',
    included: 'Enthalten',
    includes: (scopes) => `Enthält ${scopes}.`,
    risk: { high: 'Weitreichend', critical: 'Voller Zugriff' },
    submit: (provider) => `Weiter zu ${provider}`,
    endsAt: (host) =>
      `Es ist nichts verbunden, bevor Sie zurück bei ${host} sind. Dort müssen Sie sich vielleicht anmelden.`,
    endsWithCode: (startedIn) =>
      `Gehen Sie nur weiter, wenn Sie selbst darum gebeten haben, hier: ${startedIn}. Am Ende bekommen Sie einen Code, der dorthin gehört. Wer sonst danach fragt, will an Ihr Konto.`,
    problems: {
      scope_not_allowed: ({ app }) => `Wählen Sie mindestens etwas, das ${app} tun darf.`,
      host_required: ({ provider }) => `Wählen Sie, welches ${provider} Sie meinen.`,
      host_not_allowed: ({ app, provider }) =>
        `Dieses ${provider} lässt sich hier nicht mit ${app} verbinden. Wählen Sie ein anderes, oder prüfen Sie die Adresse.`,
      integration_missing: ({ app, provider }) =>
        `${app} ist für dieses ${provider} noch nicht eingerichtet. Bitte fragen Sie Ihren Administrator.`,
      not_allowed_for_tenant: ({ app }) =>
        `Das ist Ihnen bei ${app} nicht erlaubt. Wählen Sie weniger, oder fragen Sie Ihren Administrator.`,
      method_not_offered: () => 'Auf diesem Weg geht es hier nicht. Wählen Sie den anderen.',
      rate_limited: () =>
        'Das war zu oft. Bitte warten Sie eine Minute, und versuchen Sie es erneut.',
    },
    problem: 'So lässt es sich nicht verbinden. Prüfen Sie, was Sie gewählt haben.',
  },
  done: {
    title: 'Ihr Code',
    heading: ({ provider }) => `Noch ein Schritt, dann ist ${provider} verbunden`,
    give: (startedIn) => `Geben Sie diesen Code hier ein: ${startedIn}`,
    code: 'Code',
    warning: ({ provider }, startedIn) =>
      `Geben Sie ihn nur dort ein, wo Sie begonnen haben: ${startedIn}. Wer ihn bekommt, bekommt Zugriff auf Ihr Konto bei ${provider}. Hat Ihnen jemand anderes den Link geschickt, schließen Sie diese Seite.`,
    waiting: 'Der Code gilt fünf Minuten.',
    look: 'Nachsehen, ob es geklappt hat',
    connected: ({ app, provider }) => `${provider} ist mit ${app} verbunden`,
    connectedAs: (account) => `Das Konto ${account} ist verbunden.`,
    close: 'Sie können dieses Fenster schließen.',
    ended: {
      denied: 'Sie haben dort abgelehnt. Es wurde nichts verbunden.',
      cancelled: 'Dieser Versuch wurde abgebrochen. Es wurde nichts verbunden.',
      expired: 'Der Code kam nicht rechtzeitig. Es wurde nichts verbunden.',
      confirming: 'Das Konto wird gerade verbunden.',
      failed: 'Es wurde nichts verbunden.',
    },
    endedOtherwise: 'Dieser Versuch ist nicht abgeschlossen.',
    again: 'Bitten Sie dort um einen neuen Link, wo Sie diesen bekommen haben.',
  },
  key: {
    title: (provider, keyTitle) => `${provider} mit einem ${keyTitle} verbinden`,
    refused: (title) => `Nicht angenommen: ${title}`,
    place: (app, instance) =>
      app === null ? ['', null, 'Bei ', instance, '.'] : ['Für ', app, ', bei ', instance, '.'],
    choice: (provider) => `Schlüssel von ${provider} zur Auswahl`,
    make: (keyTitle, instance) => `Legen Sie bei ${instance} einen ${keyTitle} an`,
    newTab: '(öffnet einen neuen Tab).',
    account: 'Schon verbunden ist das Konto',
    paste: 'Fügen Sie ihn hier ein.',
    scopes: 'Diese Berechtigungen ankreuzen',
    optional: '(optional)',
    hint: (instance, app) =>
      `Was Sie eingeben, wird bei ${instance} geprüft und verschlüsselt aufbewahrt. Die Seite von ${app} sieht es nicht.`,
    submit: 'Verbinden',
    cancel: 'Abbrechen',
  },
  device: {
    heading: ({ provider }) => `${provider} mit einem Code verbinden`,
    open: (host) => `${host} öffnen`,
    newTab: '(öffnet einen neuen Tab).',
    type: (provider) =>
      `Melden Sie sich dort bei ${provider} an, geben Sie diesen Code ein und stimmen Sie dem Zugriff zu.`,
    code: 'Code',
    copy: 'Code kopieren',
    copied: 'Kopiert',
    warning: (provider) =>
      `Geben Sie den Code nur ein, wenn Sie selbst begonnen haben, und geben Sie ihn niemandem. ${provider} muss denselben Code zeigen.`,
    waiting: 'Diese Seite geht von selbst weiter, sobald Sie zugestimmt haben.',
    look: 'Jetzt nachsehen',
    approved: 'Dem Code wurde zugestimmt. Das Konto wird nachgesehen.',
    cancel: 'Abbrechen',
    isYours: ({ provider }) => `Ist das Ihr Konto bei ${provider}?`,
    onlyYours: ({ app, provider }) =>
      `Mit diesem Konto wurde dem Code zugestimmt${app === '' ? '' : `, und ${app} wird es verwenden`}. Ist es nicht Ihres, hat jemand anderes den Code eingegeben: Verbinden Sie es nicht, und beginnen Sie bei ${provider} neu.`,
    connect: 'Dieses Konto verbinden',
    notMine: 'Nicht mein Konto',
  },
  approval: {
    heading: 'Ein Agent wartet auf Ihre Zustimmung',
    notBound: {
      heading: 'Öffnen Sie diese Anfrage in der App',
      text: (app) =>
        `Nur wer bei ${app} angemeldet ist, kann diese Anfrage sehen und entscheiden. Melden Sie sich dort an, und öffnen Sie die Anfrage von dort aus.`,
      goOn: (host) => `Weiter zu ${host}`,
    },
    destroys:
      'Dadurch wird etwas gelöscht oder ein Zugang entzogen. Das lässt sich womöglich nicht rückgängig machen.',
    onlyExpected: 'Stimmen Sie nur zu, wenn Sie das erwarten und wissen, warum der Agent es tut.',
    who: 'Wer fragt',
    agent: 'Agent',
    noAgent: 'nicht benannt',
    key: 'API-Schlüssel',
    mcpToken: 'MCP-Token',
    noKey: 'gibt es nicht mehr',
    account: 'Konto',
    accountAt: (account, provider, instance) => `${account} bei ${provider}, ${instance}`,
    disconnected: 'inzwischen getrennt',
    connection: 'Verbindung',
    user: 'Gehört zu',
    ofTenant: 'der ganzen Organisation',
    person: 'Sie entscheiden als',
    request: 'Was gesendet würde',
    arguments: 'Angaben',
    minutesLeft: 'Minuten bis zum Ablauf:',
    approve: 'Diesem Aufruf zustimmen',
    refuse: 'Ablehnen',
    live: 'Diese Seite aktualisiert sich von selbst.',
    look: 'Jetzt nachsehen',
    ended: {
      approved: {
        byPerson: 'Sie haben diesem Aufruf zugestimmt',
        byOther: 'Jemand anderes hat diesem Aufruf zugestimmt',
        text: 'Der Agent kann diesen einen Aufruf jetzt machen, einmal.',
      },
      denied: {
        byPerson: 'Sie haben diesen Aufruf abgelehnt',
        byOther: 'Jemand anderes hat diesen Aufruf abgelehnt',
        text: 'Es wurde nichts gesendet.',
      },
      expired: {
        byPerson: 'Die Zeit für diesen Aufruf ist abgelaufen',
        byOther: 'Die Zeit für diesen Aufruf ist abgelaufen',
        text: 'Es wurde nichts gesendet. Wird er noch gebraucht, muss der Agent neu fragen.',
      },
      used: {
        byPerson: 'Der Aufruf, dem Sie zugestimmt haben, wurde gemacht',
        byOther: 'Der Aufruf wurde gemacht: Jemand anderes hat zugestimmt',
        text: 'Die Zustimmung ist verbraucht. Für einen weiteren Aufruf muss der Agent neu fragen.',
      },
    },
    close: 'Sie können dieses Fenster schließen.',
  },
  providers: germanWords,
}
