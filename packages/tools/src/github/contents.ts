// https://docs.github.com/en/rest/repos/contents
import type { ToolDefinition } from '../definition.ts'
import { repository } from './parameters.ts'

export const contents: readonly ToolDefinition[] = [
  // A file above 1 MB comes without its content, and `encoding` is `none`. Of a directory, 1,000 entries at most.
  {
    name: 'github_contents_get',
    group: 'contents',
    title: 'Get file or directory',
    description:
      'A file of a repository with its content, up to 1 MB; of a directory, its entries. A private repository needs the scope repo.',
    method: 'GET',
    path: '/repos/{owner}/{repo}/contents/{path}',
    parameters: [
      ...repository,
      {
        name: 'path',
        in: 'path',
        resource: 'file',
        type: 'string',
        description: 'Path in the repository, such as src/index.ts. Default: its root directory.',
      },
      {
        name: 'ref',
        in: 'query',
        locates: true,
        type: 'string',
        description: 'Branch, tag or commit. Default: the default branch.',
      },
      {
        name: 'max_bytes',
        in: 'query',
        local: true,
        type: 'integer',
        minimum: 1024,
        maximum: 1_048_576,
        default: 1_048_576,
        description: 'Longest piece of the file to return, in bytes.',
      },
    ],
    response: 'object',
    isFile: true,
    entriesOf: 'entries',
    effect: 'read',
    idempotent: true,
    scopes: [],
  },
]
