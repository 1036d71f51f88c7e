import { needsApproval } from '../policy.ts'
import { refuse } from '../refusal.ts'
import { requestOf } from '../request.ts'
import type { CheckedCall } from './check.ts'
import type { ApprovalDecision } from './ports.ts'
import type { Target } from './target.ts'
import { summaryOf } from './target.ts'

/** Whether a person has to approve the call, and has not: what was approved is used up by this. */
export async function lacksApproval(call: CheckedCall): Promise<boolean> {
  const { ports, tool, policy, record } = call
  if (!needsApproval(policy, tool)) return false
  if (record.approvalId === undefined) return true
  const decision = await ports.useApproval(record.approvalId, record)
  if (decision.state !== 'approved') refuseDecision(tool.name, decision)
  return false
}

/** Asks for one, with what the call would do. */
export async function askForApproval(
  call: CheckedCall,
  target: Target | undefined,
): Promise<never> {
  const { ports, tool, record } = call
  const pending = await ports.requestApproval({
    call: record,
    request: requestOf(tool, record.arguments),
    summary: summaryOf(call, target),
  })
  return refuseDecision(tool.name, pending)
}

const invalidReasons = {
  other_call: 'The approval was given to another call.',
  used: 'The approval was used before; it holds for one call.',
  expired: 'The approval has ended.',
  unknown: 'There is no such approval.',
} as const

function refuseDecision(
  tool: string,
  decision: Exclude<ApprovalDecision, { state: 'approved' }>,
): never {
  switch (decision.state) {
    case 'pending':
      return refuse(tool, {
        code: 'APPROVAL_REQUIRED',
        message: 'A person has to approve this call.',
        nextStep: `Ask the user to approve it, then repeat the very same call with the approvalId ${decision.id}, before ${decision.endsAt}.`,
        more: {
          approvalId: decision.id,
          approvalEndsAt: decision.endsAt,
          ...(decision.url !== undefined && { approvalUrl: decision.url }),
        },
      })
    case 'denied':
      return refuse(tool, {
        code: 'APPROVAL_DENIED',
        message: 'A person said no to this call.',
        nextStep: 'Do not try again.',
      })
    case 'invalid':
      return refuse(tool, {
        code: 'APPROVAL_REQUIRED',
        message: invalidReasons[decision.reason],
        nextStep: 'Make the call without an approvalId: that asks for an approval.',
        more: { reason: decision.reason },
      })
  }
}
