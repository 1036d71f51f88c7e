import type { Account, Approval, ProviderBrand } from '@keywell/protocol'
import { apiRootOf, findTool, type ToolDefinition } from '@keywell/tools'
import type { Catalogue } from '../catalogue.ts'
import { brandOf } from '../provider-brand.ts'
import { findApiKey } from '../store/api-keys.ts'
import { findConnection } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { findMcpTokenKey } from '../store/mcp-tokens.ts'
import { installation } from '../store/scope.ts'

/** The page of an approval, as data. */
export interface ApprovalView {
  readonly approval: Approval
  /** Who decides in this browser, by the app's own id. */
  readonly personId: string
  readonly asker: Asker
  /** Null: it was disconnected meanwhile. */
  readonly connection: {
    readonly provider: ProviderBrand
    readonly host: string
    readonly name: string
    readonly account: Account
  } | null
  readonly effect: ToolDefinition['effect']
  /** Method and address, as they would be sent. */
  readonly request: string
  readonly secondsLeft: number
}

/** What asked for the call. */
interface Asker {
  /** What the app calls its agent. */
  readonly agent: string | null
  /** Null: it asked with an API key. */
  readonly mcpTokenId: string | null
  /** Name of the API key, or of the one that made the token. Null: there is none any more. */
  readonly keyName: string | null
}

interface ViewParts {
  database: Database
  catalogue: Catalogue
  /** Milliseconds since 1970. */
  now: () => number
}

export async function viewApproval(
  parts: ViewParts,
  approval: Approval,
  personId: string,
): Promise<ApprovalView> {
  const { tenantId, connectionId, tool } = approval
  const row = await findConnection(parts.database.of(tenantId), tenantId, connectionId)
  const { method, path, query } = approval.request
  const root = row === undefined ? '' : `${row.host}${apiRootOf(row.provider)}`
  return {
    approval,
    personId,
    asker: await findAsker(parts.database, approval),
    connection:
      row === undefined
        ? null
        : {
            provider: brandOf(parts.catalogue.get(tenantId, row.provider)),
            host: row.host,
            name: row.name,
            account: row.account,
          },
    effect: findTool(tool)?.effect ?? 'destroy',
    request: `${method} ${root}${path}${query === '' ? '' : `?${query}`}`,
    secondsLeft: Math.max(0, Math.round((Date.parse(approval.endsAt) - parts.now()) / 1000)),
  }
}

async function findAsker(
  database: Database,
  { tenantId, agent, requestedBy }: Approval,
): Promise<Asker> {
  const [kind, id = ''] = requestedBy.split(':')
  const isMcp = kind === 'mcp'
  const keyId = isMcp ? await findMcpTokenKey(database.of(tenantId), tenantId, id) : id
  const key = keyId && (await findApiKey(database.of(installation), keyId))
  return { agent, mcpTokenId: isMcp ? id : null, keyName: key ? key.name : null }
}
