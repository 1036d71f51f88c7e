import type { AuditAction } from '../audit/audit.ts'
import type { ConnectPeppers } from '../connect/connect-macs.ts'
import { createExamine } from '../credentials/examine.ts'
import { createFindMeant } from '../credentials/find-meant.ts'
import { createFreshen } from '../credentials/freshen.ts'
import { createLookUp } from '../credentials/look-up.ts'
import { createPolicyCheck } from '../credentials/policy-check.ts'
import {
  createSendProviderRequest,
  type SendProviderRequest,
} from '../credentials/provider-requests.ts'
import { createRenewal } from '../credentials/renewal.ts'
import type { SearchPeppers } from '../credentials/search-cursor.ts'
import { createSendAsUser } from '../credentials/send.ts'
import { createNoteUse } from '../credentials/use.ts'
import type { KeywellOptions } from '../options.ts'
import { type ApprovalLinks, createApprovalLinks } from '../tools/approval-links.ts'
import { type ApprovalPages, createApprovalPages } from '../tools/approval-pages.ts'
import { type Approvals, createApprovals } from '../tools/approvals.ts'
import { createToolKeys } from '../tools/tool-keys.ts'
import { createToolService, type ToolService } from '../tools/tool-service.ts'
import type { Background } from './background.ts'
import type { Platform } from './platform.ts'

/** What calls providers as their users. */
export interface Sending {
  sendProviderRequest: SendProviderRequest
  toolService: ToolService
  approvals: Approvals
  approvalLinks: ApprovalLinks
  approvalPages: ApprovalPages
}

export function createSending(
  platform: Platform,
  { box, outbound, refresher, health, log: { audit } }: Background,
  { connectUrl, approvalUrl, faultPoint = () => {} }: KeywellOptions,
  { searchPeppers, peppers }: { searchPeppers: SearchPeppers; peppers: ConnectPeppers },
): Sending {
  const { catalogue, database, monotonic } = platform
  const renewed = createRenewal({ ...platform, refresher, health })
  const freshenFor = (action: AuditAction) =>
    createFreshen({
      catalogue,
      checkPolicy: createPolicyCheck({ audit, catalogue, action }),
      renewed,
    })
  const calls = {
    ...platform,
    audit,
    connectUrl,
    findMeant: createFindMeant({ catalogue, database, lookUp: createLookUp(database) }),
    sendAsUser: createSendAsUser({ catalogue, box, outbound, monotonic }),
    examine: createExamine({ database, renewed }),
    noteUse: createNoteUse(platform),
  }
  const approvals = createApprovals({ ...platform, audit })
  const approvalLinks = createApprovalLinks({ ...platform, audit, peppers, approvals })
  return {
    approvals,
    approvalLinks,
    approvalPages: createApprovalPages({ ...platform, audit, approvals, links: approvalLinks }),
    sendProviderRequest: createSendProviderRequest({
      ...calls,
      freshen: freshenFor('request.send'),
    }),
    toolService: createToolService({
      ...calls,
      approvals,
      approvalUrl,
      toolKeys: createToolKeys(platform),
      faultPoint,
      peppers: searchPeppers,
      freshen: freshenFor('tool.call'),
    }),
  }
}
