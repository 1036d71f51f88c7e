import {
  type AuditHead,
  type AuditPage,
  auditHeadQuerySchema,
  auditHeadSchema,
  auditPageSchema,
  type SearchAudit,
  searchAuditSchema,
} from '@keywell/protocol'
import { parseInput, type Service } from './service.ts'

/** Who did what in a tenant. To copy all of it, stream `GET /v1/audit/export`. */
export class AuditLog {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /** Entries of a tenant, newest first. */
  async search(query: SearchAudit): Promise<AuditPage> {
    return this.#service.call({
      method: 'GET',
      path: '/v1/audit',
      query: parseInput(searchAuditSchema, query, 'audit.search'),
      schema: auditPageSchema,
    })
  }

  /** The newest signed end of the tenant's chain: kept elsewhere, it shows when the end is cut off. */
  async head(query: { readonly tenantId: string }): Promise<AuditHead> {
    return this.#service.call({
      method: 'GET',
      path: '/v1/audit/head',
      query: parseInput(auditHeadQuerySchema, query, 'audit.head'),
      schema: auditHeadSchema,
    })
  }
}
