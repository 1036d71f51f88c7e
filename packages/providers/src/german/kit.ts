import { gitlabWords } from './gitlab.ts'
import { gitlabToolWords } from './gitlab-tools.ts'
import type { ProviderWords, ToolWords } from './words.ts'

/** Of providers that are not in preview, with the words of their tools: what a page carries with it. */
export const germanKitWords: Readonly<Record<string, ProviderWords & ToolWords>> = {
  gitlab: { ...gitlabWords, ...gitlabToolWords },
}
