import type { AuditAction } from '../audit/audit.ts'
import { createExamine, type Examine } from '../credentials/examine.ts'
import { createFindMeant, type FindMeant } from '../credentials/find-meant.ts'
import { createFreshen, type Freshen } from '../credentials/freshen.ts'
import { createLookUp } from '../credentials/look-up.ts'
import { createPolicyCheck } from '../credentials/policy-check.ts'
import {
  createSendProviderRequest,
  type SendProviderRequest,
} from '../credentials/provider-requests.ts'
import { createRenewal } from '../credentials/renewal.ts'
import { createSendAsUser, type SendAsUser } from '../credentials/send.ts'
import { createNoteUse, type NoteUse } from '../credentials/use.ts'
import type { KeywellOptions } from '../options.ts'
import type { Background } from './background.ts'
import type { Platform } from './platform.ts'

/** What calls providers as their users. */
export interface Sending {
  findMeant: FindMeant
  /** @param action what the credential is wanted for, as the audit log names it */
  freshenFor: (action: AuditAction) => Freshen
  sendAsUser: SendAsUser
  examine: Examine
  noteUse: NoteUse
  sendProviderRequest: SendProviderRequest
}

export function createSending(
  platform: Platform,
  { box, outbound, refresher, health, log: { audit } }: Background,
  { connectUrl }: KeywellOptions,
): Sending {
  const { catalogue, database, logger, monotonic } = platform
  const renewed = createRenewal({ ...platform, refresher, health })
  const freshenFor = (action: AuditAction) =>
    createFreshen({
      catalogue,
      checkPolicy: createPolicyCheck({ audit, catalogue, action }),
      renewed,
    })
  const calls = {
    findMeant: createFindMeant({ catalogue, database, lookUp: createLookUp(database) }),
    sendAsUser: createSendAsUser({ catalogue, box, outbound, monotonic }),
    examine: createExamine({ database, renewed }),
    noteUse: createNoteUse(platform),
  }
  const freshen = freshenFor('request.send')
  const requests = { catalogue, audit, logger, connectUrl, freshen, ...calls }
  return { ...calls, freshenFor, sendProviderRequest: createSendProviderRequest(requests) }
}
