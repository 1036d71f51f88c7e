import {
  executeToolSchema,
  listScopedToolsSchema,
  listToolsSchema,
  type Route,
  scopedToolListSchema,
  toolListSchema,
  toolResultSchema,
} from '@keywell/protocol'

const shared = { summary: '', access: 'open', errors: [] } as const

type Asked<Input, Answer> = Omit<Route, 'query' | 'body' | 'answer'> &
  Input & { readonly answer: { status: 200; description: string; schema: Answer } }

interface ToolRoutes {
  list: Asked<{ query: typeof listToolsSchema }, typeof toolListSchema>
  listScoped: Asked<{ body: typeof listScopedToolsSchema }, typeof scopedToolListSchema>
  execute: Asked<{ body: typeof executeToolSchema }, typeof toolResultSchema>
}

/** The routes of tools, until the table of the protocol has them. */
export const toolRoutes: ToolRoutes = {
  list: {
    ...shared,
    method: 'GET',
    path: '/v1/tools',
    query: listToolsSchema,
    answer: { status: 200, description: '', schema: toolListSchema },
  },
  listScoped: {
    ...shared,
    method: 'POST',
    path: '/v1/tools/list-scoped',
    isRead: true,
    body: listScopedToolsSchema,
    answer: { status: 200, description: '', schema: scopedToolListSchema },
  },
  execute: {
    ...shared,
    method: 'POST',
    path: '/v1/tools/execute',
    body: executeToolSchema,
    answer: { status: 200, description: '', schema: toolResultSchema },
  },
}
