import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Database } from '../store/database.ts'
import { exportKinds, listForExport } from '../store/tenant-export.ts'
import type { Tenants } from './erase.ts'

/** Rows of one statement. */
const pageRows = 500

/**
 * Everything that is kept of a tenant, without secrets, as lines of JSON: `kind`, then the entry. What is
 * written while it is read may be missing. Read as fast as it is taken.
 *
 * @throws KeywellError `not_found`
 */
export type ExportTenant = (
  tenantId: string,
  caller: Actor,
) => Promise<AsyncGenerator<string, void>>

export function createExportTenant(parts: {
  database: Database
  audit: Pick<Audit, 'write'>
  tenants: Pick<Tenants, 'read'>
}): ExportTenant {
  const { database, audit, tenants } = parts

  async function* lines(tenantId: string, first: object): AsyncGenerator<string, void> {
    yield lineOf('tenant', first)
    for (const kind of exportKinds) {
      let after = ''
      for (;;) {
        const rows = await listForExport(database.of(tenantId), {
          kind,
          tenantId,
          after,
          limit: pageRows,
        })
        if (rows.length > 0) yield rows.map(({ entry }) => lineOf(kind, entry)).join('')
        after = rows.at(-1)?.cursor ?? after
        if (rows.length < pageRows) break
      }
    }
  }

  return async (tenantId, caller) => {
    const tenant = await tenants.read(tenantId)
    await audit.write(database.of(tenantId), {
      ...caller,
      tenantId,
      action: 'tenant.export',
      result: 'ok',
    })
    return lines(tenantId, tenant)
  }
}

function lineOf(kind: string, entry: object): string {
  return `${JSON.stringify({ kind, entry })}\n`
}
