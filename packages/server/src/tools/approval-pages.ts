import { KeywellError } from '@keywell/protocol'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Database } from '../store/database.ts'
import type { ApprovalLinks } from './approval-links.ts'
import { type ApprovalView, viewApproval } from './approval-view.ts'
import type { Approvals } from './approvals.ts'

/** The page of an approval, in the browser that opened it by a link. */
export interface ApprovalPages {
  open: ApprovalLinks['open']
  /** Undefined: this browser did not open it, so that nothing is shown of it. */
  show(visit: ApprovalVisit): Promise<ApprovalView | undefined>
  /**
   * A decision that comes too late changes nothing: the page then says what became of it.
   *
   * @returns false: this browser did not open it
   * @throws KeywellError `origin_not_allowed`: no page of the service sent it
   */
  decide(
    visit: ApprovalVisit & {
      readonly decision: unknown
      /** Of the page that the form was on, as the browser says. */
      readonly origin: string | null
      readonly requestId: string
    },
  ): Promise<boolean>
}

interface ApprovalVisit {
  readonly approvalId: string
  /** The cookie of the browser. */
  readonly secret: string | undefined
}

export interface ApprovalPageParts {
  database: Database
  catalogue: Catalogue
  links: Pick<ApprovalLinks, 'open' | 'find'>
  approvals: Pick<Approvals, 'read' | 'decide'>
  audit: Pick<Audit, 'write'>
  publicUrl: string
  /** Milliseconds since 1970. */
  now: () => number
}

export function createApprovalPages(parts: ApprovalPageParts): ApprovalPages {
  const { links, approvals } = parts
  return {
    open: links.open,

    async show({ approvalId, secret }) {
      const opened = await links.find(approvalId, secret)
      if (opened === undefined) return undefined
      const { tenantId, personId } = opened
      return viewApproval(parts, await approvals.read(tenantId, approvalId), personId)
    },

    async decide({ approvalId, secret, decision, origin, requestId }) {
      const opened = await links.find(approvalId, secret)
      if (opened === undefined) return false
      const { tenantId, personId } = opened
      const by = { actor: `user:${personId}`, requestId }
      if (origin !== new URL(parts.publicUrl).origin) {
        const entry = { ...by, tenantId, action: 'approval.decide', result: 'denied' } as const
        await parts.audit.write(parts.database.of(tenantId), { ...entry, reason: 'origin' })
        throw new KeywellError('origin_not_allowed', 'No page of this service sent the form.', {
          nextStep: 'Open the request in the app again.',
        })
      }
      if (decision !== 'approve' && decision !== 'deny') {
        throw new KeywellError('invalid_request', 'decision: must be approve or deny')
      }
      const decided = { tenantId, decision, decidedBy: personId } as const
      await approvals.decide(approvalId, decided, by).catch(ignoreTooLate)
      return true
    },
  }
}

function ignoreTooLate(error: unknown): void {
  if (!(error instanceof KeywellError && error.code === 'conflict')) throw error
}
