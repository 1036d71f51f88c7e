import type { ProviderTools } from '../provider-tools.ts'
import { hint } from './hints.ts'
import { githubTools } from './index.ts'
import { refusals } from './refusals.ts'

export const github: ProviderTools = {
  name: 'github',
  tools: githubTools,
  // The base URL of a connection is that of the API.
  apiRoot: '',
  requestIdHeader: 'x-github-request-id',
  placeKinds: {
    repository: {
      path: '/repos/{place}',
      hasSegments: true,
      numberField: 'id',
      pathField: 'full_name',
    },
  },
  refusals,
  hint,
}
