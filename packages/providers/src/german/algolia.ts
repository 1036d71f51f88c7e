import type { KeyFormWords, ProviderWords } from './words.ts'

export const algoliaWords: ProviderWords & KeyFormWords = {
  scopes: {},
  groups: {},
  presets: {},
  keyTitle: 'API-Schlüssel',
  keyLabels: { apiKey: 'API-Schlüssel' },
  keySteps: [
    'Melden Sie sich dort an, wählen Sie die Anwendung, und öffnen Sie ihre API-Schlüssel.',
    'Legen Sie einen Schlüssel an, der darf, was gebraucht wird, und nicht mehr, und kopieren Sie ihn. Nehmen Sie nicht den Admin-Schlüssel.',
  ],
}
