import {
  type Approval,
  type ApprovalList,
  type DecideApproval,
  type ListApprovals,
  routes,
} from '@keywell/protocol'
import type { CallOptions, Service } from '../service.ts'

export interface ApprovalReference {
  readonly approvalId: string
  readonly tenantId: string
}

/**
 * Calls of tools that wait for a person. Your backend shows one to the person who may decide, and says what they
 * decided; an agent cannot.
 *
 *     const { summary, request } = await keywell.tools.approvals.get({ tenantId, approvalId })
 *     await keywell.tools.approvals.decide({ tenantId, approvalId, decision: 'approve', decidedBy: person.id })
 */
export class Approvals {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /** The newest first. */
  list(query: ListApprovals, options?: CallOptions): Promise<ApprovalList> {
    return this.#service.request(routes.approvals.list, 'approvals.list', { query }, options)
  }

  get(reference: ApprovalReference, options?: CallOptions): Promise<Approval> {
    return this.#service.request(
      routes.approvals.get,
      'approvals.get',
      { params: reference, query: reference },
      options,
    )
  }

  /** @throws KeywellError `conflict` where it was decided before, or has ended */
  decide(
    { approvalId, ...body }: Pick<ApprovalReference, 'approvalId'> & DecideApproval,
    options?: CallOptions,
  ): Promise<Approval> {
    return this.#service.request(
      routes.approvals.decide,
      'approvals.decide',
      { params: { approvalId }, body },
      options,
    )
  }
}
