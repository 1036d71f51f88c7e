import type { ProviderDefinition } from '@keywell/protocol'
import { algolia } from './algolia.ts'
import { azureDevOps } from './azure-devops.ts'
import { bitbucket } from './bitbucket.ts'
import { buildkite } from './buildkite.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'

/** Every provider that Keywell connects to. A new one is a file beside this one, and a name here. */
export const providers: readonly ProviderDefinition[] = [
  gitlab,
  github,
  bitbucket,
  azureDevOps,
  buildkite,
  algolia,
]
