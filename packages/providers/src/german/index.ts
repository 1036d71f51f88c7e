/**
 * What the catalogue says to users, in German. English stands in the definitions of the providers.
 *
 * A module of its own, so that a page in a browser gets these words without the catalogue, and a bundler leaves out
 * what is not used.
 */
import { algoliaWords } from './algolia.ts'
import { azureDevOpsWords } from './azure-devops.ts'
import { bitbucketWords } from './bitbucket.ts'
import { buildkiteWords } from './buildkite.ts'
import { githubWords } from './github.ts'
import { gitlabKeyForm, gitlabWords } from './gitlab.ts'
import { gitlabToolWords } from './gitlab-tools.ts'
import type { KeyFormWords, ProviderWords, ToolWords } from './words.ts'

export type { KeyFormWords, ProviderWords } from './words.ts'

/** By the name of the provider. */
export const germanWords: Readonly<Record<string, ProviderWords & KeyFormWords>> = {
  algolia: algoliaWords,
  'azure-devops': azureDevOpsWords,
  bitbucket: bitbucketWords,
  buildkite: buildkiteWords,
  github: githubWords,
  gitlab: { ...gitlabWords, ...gitlabKeyForm },
}

/** Of providers that are not in preview, with the words of their tools: what a page carries with it. */
export const germanKitWords: Readonly<Record<string, ProviderWords & ToolWords>> = {
  gitlab: { ...gitlabWords, ...gitlabToolWords },
}
