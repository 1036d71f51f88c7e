import type { ProviderTools } from '../provider-tools.ts'
import { gitlabCompactTools } from './compact/index.ts'
import { hint } from './hints.ts'
import { gitlabTools } from './index.ts'
import { readPagePath } from './page-path.ts'
import { refusals } from './refusals.ts'
import { unlistedTools } from './unlisted.ts'

export const gitlab: ProviderTools = {
  name: 'gitlab',
  tools: gitlabTools,
  compact: gitlabCompactTools,
  unlisted: unlistedTools,
  apiRoot: '/api/v4',
  requestIdHeader: 'x-request-id',
  placeKinds: {
    project: {
      path: '/projects/{place}',
      numberField: 'id',
      pathField: 'path_with_namespace',
    },
    group: { path: '/groups/{place}', numberField: 'id', pathField: 'full_path' },
  },
  readPagePath,
  refusals,
  hint,
}
