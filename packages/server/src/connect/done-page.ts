import type { FlowStatus } from '@keywell/protocol'
import { KeywellError } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { FlowRow } from '../store/flows.ts'
import type { SessionLink } from '../store/sessions.ts'
import {
  findFlowByState,
  isOfBrowser,
  type ReadBindingSecret,
  type ReturnParts,
  requireUnalteredRows,
} from './browser-return.ts'
import type { ConnectPeppers } from './connect-macs.ts'
import { readFlow } from './flow-record.ts'
import { flowMismatch } from './park-code.ts'
import { shortCodeOf } from './short-code.ts'
import { viewFlow } from './view-flow.ts'

/** The page at the end of a link that ends with a code, as data. */
export interface DoneView {
  link: SessionLink
  providerTitle: string
  status: FlowStatus
  /** To be given back; null: there is nothing to give back. */
  code: string | null
  /** With `connected`. */
  account: string | null
}

interface DoneParts extends ReturnParts {
  peppers: Pick<ConnectPeppers, 'find'>
}

interface DoneRequest extends Actor {
  /** Each `state` of the URL. */
  states: readonly string[]
  bindingSecret: ReadBindingSecret
}

/**
 * Shows the short code of a flow to the browser that finished it, and afterwards what became of it. The backend has to
 * bring the code before the flow goes on.
 *
 * @throws KeywellError when there is no such flow, or it is another browser's
 */
export type ShowDone = (request: DoneRequest) => Promise<DoneView>

export function createShowDone(parts: DoneParts): ShowDone {
  return async ({ states, bindingSecret, ...by }) => {
    const { flow: found, used } = await findFlowByState(parts.codes, states)
    const { tenantId, userId } = found
    const entry = { ...by, tenantId, userId, action: 'flow.callback' } as const
    const session = await requireUnalteredRows(parts, found, entry)
    const { link } = session.policy
    if (!isOfBrowser(found, bindingSecret) || link?.confirmBy !== 'code') {
      throw new KeywellError('flow_mismatch', flowMismatch.message)
    }
    const flow = await readFlow(parts.database.of(tenantId), tenantId, found.id)
    const { status, connection } = await viewFlow(parts, flow, session)
    const { username, name, id } = connection?.account ?? {}
    return {
      link,
      providerTitle: parts.catalogue.get(tenantId, flow.provider).title,
      status,
      // Until it is used the flow's own page has a question left.
      code:
        used && isWaiting(flow)
          ? ((await shortCodeOf(parts.peppers, session, flow)) ?? null)
          : null,
      account: username ?? name ?? id ?? null,
    }
  }
}

/** A code that was taken already is of no use any more. */
function isWaiting({ status, live }: FlowRow): boolean {
  return status === 'confirming' && live
}
