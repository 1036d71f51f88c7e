import type { Approval, ToolView } from '@keywell/protocol'
import type { ToolCall } from './model.ts'

/** What the assistant does through Keywell, as one user. */
export interface AgentTools {
  /** Those that Acme lets it use, also where something is missing to run one. */
  list(): Promise<readonly ToolView[]>
  /**
   * @param approvalId of an approval of this very call
   * @throws KeywellError whose `tool` says why the call failed
   */
  execute(
    call: ToolCall,
    approvalId?: string,
  ): Promise<{ data: unknown; total?: number | undefined }>
  approval(id: string): Promise<Approval>
  /** In the name of the person who is signed in. */
  decide(id: string, decision: 'approve' | 'deny'): Promise<void>
}
