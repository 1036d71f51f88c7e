import type { KeptCredentialRow } from '../store/credentials.ts'

/**
 * Where a test may interrupt a refresh, in this order: the claim is durable; nothing has been written to
 * the provider; its answer is in memory; the transaction has not begun; it is durable; the change has been
 * read and was not delivered. And a tool: `after_change`, the provider has answered a change, and nothing of
 * that is stored.
 */
export type FaultPointName =
  | 'after_claim'
  | 'before_send'
  | 'after_answer'
  | 'before_commit'
  | 'after_commit'
  | 'before_push'
  | 'after_change'

/** Called at each of them. Passed in, so that nothing in the environment can switch it on. */
export type FaultPoint = (
  name: FaultPointName,
  at: { tenantId: string; connectionId: string; generation: number },
) => void | Promise<void>

export async function reachFaultPoint(
  { faultPoint }: { faultPoint: FaultPoint },
  name: FaultPointName,
  row: Pick<KeptCredentialRow, 'tenantId' | 'id' | 'generation'>,
): Promise<void> {
  const { tenantId, id: connectionId, generation } = row
  await faultPoint(name, { tenantId, connectionId, generation })
}
