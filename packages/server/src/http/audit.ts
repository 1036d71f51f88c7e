import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import type { Heads } from '../audit/heads.ts'
import type { AuditReader } from '../audit/search.ts'
import { withinLimits } from '../auth/access.ts'
import type { KeyStreams } from '../auth/key-streams.ts'
import type { Environment } from './context.ts'
import { serve, streamHeaders } from './serve.ts'

export function auditRoutes(
  app: Hono<Environment>,
  parts: { auditReader: AuditReader; heads: Pick<Heads, 'newest'>; keyStreams: KeyStreams },
): void {
  serve(app, routes.audit.search, ({ query, access }) =>
    parts.auditReader.search(withinLimits(access, query)),
  )
  serve(app, routes.audit.export, ({ query, access }, c) => {
    const asked = withinLimits(access, query)
    const open = () => parts.auditReader.export(asked)
    const held = parts.keyStreams.hold(access, open, { atEnd: 'break' })
    return c.body(held, 200, streamHeaders(routes.audit.export))
  })
  serve(app, routes.audit.head, ({ query, access }) =>
    parts.heads.newest(withinLimits(access, query).tenantId),
  )
}
