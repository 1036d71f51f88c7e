import type { ApprovalEntry, AuditRow, CallEntry, ConnectEntry } from '../../assistant-api.ts'
import { type Language, useLanguage } from '../language.ts'

interface AssistantWords {
  readonly title: string
  readonly lead: string
  readonly conversation: string
  readonly scripted: string
  readonly scriptedWhy: string
  readonly startOver: string
  readonly empty: string
  readonly suggestions: readonly string[]
  readonly suggestionsTitle: string
  readonly field: string
  readonly send: string
  readonly working: string
  readonly you: string
  readonly assistant: string
  readonly again: string
  readonly calls: Readonly<Record<CallEntry['state'], string>>
  readonly count: (count: number) => string
  readonly parts: Readonly<Record<'arguments' | 'result', string>>
  readonly connect: Readonly<Record<ConnectEntry['state'], string>> & {
    readonly scopes: (provider: string) => string
    readonly account: (provider: string) => string
    readonly allow: (provider: string) => string
    readonly cancel: string
    readonly reopen: string
    readonly here: string
    readonly decline: string
  }
  readonly approval: Readonly<Record<ApprovalEntry['state'], string>> & {
    readonly request: string
    readonly approve: string
    readonly deny: string
    readonly ends: (time: string) => string
  }
  readonly audit: {
    readonly title: string
    readonly about: string
    readonly none: string
    /** By action. */
    readonly actions: Readonly<Record<string, string>>
    readonly results: Readonly<Record<AuditRow['result'], string>>
  }
}

const en: AssistantWords = {
  title: 'Assistant',
  lead: 'It works at GitLab as you, through Keywell. It never has your token; you approve what cannot be undone.',
  conversation: 'Conversation',
  scripted: 'Script',
  scriptedWhy:
    'No key of a language model is set, so a script answers: it understands the three requests below.',
  startOver: 'New conversation',
  empty: 'Ask about your pipelines.',
  suggestions: [
    'Which pipelines are failing?',
    'Open an issue about it',
    'Delete the failed pipeline',
  ],
  suggestionsTitle: 'Suggestions',
  field: 'Message to the assistant',
  send: 'Send',
  working: 'Working …',
  you: 'You',
  assistant: 'Assistant',
  again: 'Try again',
  calls: { running: 'Running', waiting: 'Waits for you', done: 'Done', failed: 'Not done' },
  count: (count) => (count === 1 ? '1 result' : `${count} results`),
  parts: { arguments: 'Arguments', result: 'Result' },
  connect: {
    open: 'Your consent is needed',
    connected: 'You allowed it',
    declined: 'You did not allow it',
    scopes: (provider) => `To go on, the assistant needs one more permission at ${provider}:`,
    account: (provider) => `To go on, the assistant needs your account at ${provider}.`,
    allow: (provider) => `Allow at ${provider}`,
    cancel: 'Cancel',
    reopen: 'Open again',
    here: 'Continue in this tab',
    decline: 'Not now',
  },
  approval: {
    open: 'Your approval is needed',
    approved: 'You approved it',
    denied: 'You denied it',
    declined: 'Not decided',
    request: 'Sent to GitLab if you approve:',
    approve: 'Approve',
    deny: 'Deny',
    ends: (time) => `Until ${time}.`,
  },
  audit: {
    title: 'Audit log',
    about: 'What was done in your name, as Keywell wrote it down.',
    none: 'Nothing yet.',
    actions: {
      'tool.call': 'Tool called',
      'approval.request': 'Approval requested',
      'approval.decide': 'Approval decided',
      'connection.connect': 'Account connected',
    },
    results: { ok: 'ok', denied: 'refused', failed: 'failed', intent: 'begun' },
  },
}

const de: AssistantWords = {
  title: 'Assistent',
  lead: 'Er arbeitet bei GitLab als Sie, über Keywell. Ihr Token bekommt er nie; was sich nicht zurücknehmen lässt, bestätigen Sie.',
  conversation: 'Gespräch',
  scripted: 'Skript',
  scriptedWhy:
    'Es ist kein Schlüssel eines Sprachmodells gesetzt, daher antwortet ein Skript: Es versteht die drei Wünsche unten.',
  startOver: 'Neues Gespräch',
  empty: 'Fragen Sie nach Ihren Pipelines.',
  suggestions: [
    'Welche Pipelines schlagen fehl?',
    'Lege ein Issue dazu an',
    'Lösche die fehlgeschlagene Pipeline',
  ],
  suggestionsTitle: 'Vorschläge',
  field: 'Nachricht an den Assistenten',
  send: 'Senden',
  working: 'Arbeitet …',
  you: 'Sie',
  assistant: 'Assistent',
  again: 'Noch einmal versuchen',
  calls: {
    running: 'Läuft',
    waiting: 'Wartet auf Sie',
    done: 'Erledigt',
    failed: 'Nicht erledigt',
  },
  count: (count) => (count === 1 ? '1 Ergebnis' : `${count} Ergebnisse`),
  parts: { arguments: 'Argumente', result: 'Ergebnis' },
  connect: {
    open: 'Ihre Erlaubnis wird gebraucht',
    connected: 'Sie haben es erlaubt',
    declined: 'Sie haben es nicht erlaubt',
    scopes: (provider) => `Dafür braucht der Assistent bei ${provider} noch ein Recht:`,
    account: (provider) => `Dafür braucht der Assistent Ihr Konto bei ${provider}.`,
    allow: (provider) => `Bei ${provider} erlauben`,
    cancel: 'Abbrechen',
    reopen: 'Noch einmal öffnen',
    here: 'In diesem Tab weitermachen',
    decline: 'Jetzt nicht',
  },
  approval: {
    open: 'Ihre Bestätigung wird gebraucht',
    approved: 'Sie haben es bestätigt',
    denied: 'Sie haben es abgelehnt',
    declined: 'Nicht entschieden',
    request: 'Wird an GitLab gesendet, wenn Sie bestätigen:',
    approve: 'Bestätigen',
    deny: 'Ablehnen',
    ends: (time) => `Bis ${time}.`,
  },
  audit: {
    title: 'Audit-Log',
    about: 'Was in Ihrem Namen geschah, wie Keywell es aufgeschrieben hat.',
    none: 'Noch nichts.',
    actions: {
      'tool.call': 'Werkzeug benutzt',
      'approval.request': 'Bestätigung erbeten',
      'approval.decide': 'Über Bestätigung entschieden',
      'connection.connect': 'Konto verbunden',
    },
    results: { ok: 'ok', denied: 'abgelehnt', failed: 'fehlgeschlagen', intent: 'begonnen' },
  },
}

const words: Readonly<Record<Language, AssistantWords>> = { en, de }

/** The words of the assistant's page, in the chosen language. */
export function useAssistantWords(): AssistantWords {
  return words[useLanguage().language]
}
