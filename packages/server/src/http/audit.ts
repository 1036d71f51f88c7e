import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  auditHeadQuerySchema,
  auditHeadSchema,
  auditPageSchema,
  exportAuditSchema,
  searchAuditSchema,
} from '@keywell/protocol'
import type { Heads } from '../audit/heads.ts'
import type { AuditReader } from '../audit/search.ts'
import { withinLimits } from './access.ts'
import { createRouter, type Environment, json } from './context.ts'
import type { KeyStreams } from './key-streams.ts'

/** As any text to the router's types, which take a name that ends in "json" for one document. */
const lines: string = 'application/x-ndjson'

const search = createRoute({
  method: 'get',
  path: '/',
  summary: 'Who did what in a tenant, when, and what came of it',
  request: { query: searchAuditSchema },
  responses: { 200: json(auditPageSchema, 'A page of entries, newest first') },
})
const exported = createRoute({
  method: 'get',
  path: '/export',
  summary:
    "A tenant's audit log as lines of JSON, in the order of its chain; goes on behind the position that `after` names",
  request: { query: exportAuditSchema },
  responses: {
    200: {
      content: { [lines]: { schema: z.string() } },
      description: 'An entry on each line, with its position: as it is, or as an OCSF event',
    },
  },
})
const head = createRoute({
  method: 'get',
  path: '/head',
  summary: "The newest signed end of a tenant's chain, and the keys that check it",
  request: { query: auditHeadQuerySchema },
  responses: { 200: json(auditHeadSchema, 'The head; null before the first was signed') },
})

export function auditRoutes(parts: {
  auditReader: AuditReader
  heads: Pick<Heads, 'newest'>
  keyStreams: KeyStreams
}): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(search, async (c) => {
    const query = withinLimits(c.get('access'), c.req.valid('query'))
    return c.json(await parts.auditReader.search(query), 200)
  })
  router.openapi(exported, (c) => {
    const access = c.get('access')
    const query = withinLimits(access, c.req.valid('query'))
    const tell = () => parts.auditReader.export(query)
    return c.body(parts.keyStreams.hold(access, tell, { atEnd: 'break' }), 200, {
      'content-type': lines,
      'cache-control': 'no-store',
    })
  })
  router.openapi(head, async (c) => {
    const { tenantId } = withinLimits(c.get('access'), c.req.valid('query'))
    return c.json(await parts.heads.newest(tenantId), 200)
  })
  return router
}
