import {
  type Approval,
  type ApprovalLink,
  type ApprovalList,
  type CreateApprovalLink,
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

  /**
   * A link to the page of the service where the person who is signed in decides. Send their browser there at once: it
   * works for two minutes, once. `connectHandler` does so at `GET approve`.
   *
   * @throws KeywellError `not_found`, also for a call of another user than `userId` without `forOthers`
   */
  createLink(
    { approvalId, ...body }: Pick<ApprovalReference, 'approvalId'> & CreateApprovalLink,
    options?: CallOptions,
  ): Promise<ApprovalLink> {
    return this.#service.request(
      routes.approvals.createLink,
      'approvals.createLink',
      { params: { approvalId }, body },
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
