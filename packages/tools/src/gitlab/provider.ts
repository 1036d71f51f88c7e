import type { ProviderTools } from '../provider-tools.ts'
import { gitlabTools } from './index.ts'

export const gitlab: ProviderTools = {
  name: 'gitlab',
  tools: gitlabTools,
  apiRoot: '/api/v4',
  placeKinds: {
    project: {
      path: '/projects/{place}',
      numberField: 'id',
      pathField: 'path_with_namespace',
    },
    group: { path: '/groups/{place}', numberField: 'id', pathField: 'full_path' },
  },
  refusals: [],
}
