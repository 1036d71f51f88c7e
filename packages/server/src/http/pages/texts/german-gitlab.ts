import { germanWords } from '@keywell/providers/german'
import type { ProviderTexts } from './texts.ts'

export const germanGitlab: ProviderTexts = {
  keyTitle: 'Personal Access Token',
  keyLabels: { key: 'Personal Access Token' },
  keySteps: [
    'Melden Sie sich dort mit dem Konto an, das Sie verbinden möchten.',
    'Kreuzen Sie die Berechtigungen unten an und keine anderen, wählen Sie, wann der Token endet, und kopieren Sie ihn: GitLab zeigt ihn nur einmal.',
  ],
  ...germanWords.gitlab,
}
