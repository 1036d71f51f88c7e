import { algoliaWords } from './algolia.ts'
import { azureDevOpsWords } from './azure-devops.ts'
import { bitbucketWords } from './bitbucket.ts'
import { buildkiteWords } from './buildkite.ts'
import { githubWords } from './github.ts'
import { gitlabKeyForm, gitlabWords } from './gitlab.ts'
import type { KeyFormWords, ProviderWords } from './words.ts'

/** By the name of the provider. */
export const germanWords: Readonly<Record<string, ProviderWords & KeyFormWords>> = {
  algolia: algoliaWords,
  'azure-devops': azureDevOpsWords,
  bitbucket: bitbucketWords,
  buildkite: buildkiteWords,
  github: githubWords,
  gitlab: { ...gitlabWords, ...gitlabKeyForm },
}
