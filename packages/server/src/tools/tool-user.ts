/** Whose tools, by whom, and what the caller's own credential allows beside the tenant's policy. */
export interface ToolUser {
  readonly tenantId: string
  /** Null: the tenant's own connection. */
  readonly userId: string | null
  readonly connectionName: string | undefined
  readonly host: string | undefined
  /** For the audit log. */
  readonly actor: string
  readonly requestId: string
  /** The only tools. Default: those that the policy allows. */
  readonly tools?: readonly string[] | undefined
  /** Only tools that change nothing. Default: false. */
  readonly readOnly?: boolean | undefined
  /** The only providers. Default: all. */
  readonly providers?: readonly string[] | undefined
  /** What the app calls its agent. */
  readonly agent?: string | undefined
  /** What the caller's client of MCP calls itself. */
  readonly client?: string | undefined
}
