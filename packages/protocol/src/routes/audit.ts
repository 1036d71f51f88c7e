import {
  auditHeadQuerySchema,
  auditHeadSchema,
  auditPageSchema,
  exportAuditSchema,
  searchAuditSchema,
} from '../audit.ts'
import { linesOfJson, route } from './route.ts'

const mayAudit = { permission: 'audit:read', enforces: ['tenants'] } as const

export const auditRoutes = {
  search: route({
    method: 'GET',
    path: '/v1/audit',
    summary: 'Search who did what in a tenant, when, and what came of it',
    access: mayAudit,
    query: searchAuditSchema,
    answer: {
      status: 200,
      description: 'A page of entries, newest first',
      schema: auditPageSchema,
    },
    errors: [],
  }),
  export: route({
    method: 'GET',
    path: '/v1/audit/export',
    summary:
      "Stream a tenant's audit log as lines of JSON, in the order of its chain, from behind the position `after`",
    access: mayAudit,
    query: exportAuditSchema,
    answer: {
      status: 200,
      description: 'An entry on each line, with its position: as it is, or as an OCSF event',
      type: linesOfJson,
    },
    errors: [],
  }),
  head: route({
    method: 'GET',
    path: '/v1/audit/head',
    summary: "Read the newest signed end of a tenant's chain, and the keys that check it",
    access: mayAudit,
    query: auditHeadQuerySchema,
    answer: {
      status: 200,
      description: 'The head; null before the first was signed',
      schema: auditHeadSchema,
    },
    errors: [],
  }),
}
