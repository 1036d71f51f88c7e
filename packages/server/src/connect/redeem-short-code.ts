import { KeywellError } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Database } from '../store/database.ts'
import { countCodeAttempt, type FlowRow, listFlows } from '../store/flows.ts'
import type { ConnectPeppers } from './connect-macs.ts'
import { confirmEntryOf, type EndFlow } from './end-flow.ts'
import type { Sessions } from './sessions.ts'
import { isShortCode, shortCodeOf } from './short-code.ts'

/** Short codes that a backend may send for a flow. A person mistypes one or two. */
const maxAttempts = 5

interface ShortCodeParts {
  database: Database
  sessions: Pick<Sessions, 'read'>
  peppers: Pick<ConnectPeppers, 'find'>
  audit: Audit
  endFlow: EndFlow
}

/**
 * The flow whose page showed a short code. Each code that comes for a flow that waits is counted before it is
 * compared; after too many wrong ones the flow ends.
 *
 * @throws KeywellError `code_refused`; `flow_expired` when no flow waits for a code
 */
export async function redeemShortCode(
  parts: ShortCodeParts,
  { tenantId, sessionId, code }: { tenantId: string; sessionId: string; code: string },
  actor: Actor,
): Promise<{ flow: FlowRow; isFirst: boolean }> {
  const { database, sessions, peppers } = parts
  const session = await sessions.read(tenantId, sessionId)
  if (session.policy.link?.confirmBy !== 'code') {
    throw new KeywellError('code_refused', 'This connect session does not end with a code.', {
      nextStep: 'Send flowId and ticket, as they came to the return URL.',
    })
  }
  const sql = database.of(tenantId)
  const counted = await countCodeAttempt(sql, { tenantId, sessionId, maxAttempts })
  const flows = await listFlows(sql, tenantId, sessionId)
  const waiting = flows.filter(({ id, live }) => live && counted.some((each) => each.id === id))
  // A call that is sent again finds its flow, which is connected by now.
  const done = flows.filter(({ status }) => answersAgain.includes(status))
  for (const flow of [...waiting, ...done]) {
    const shown = await shortCodeOf(peppers, session, flow)
    if (shown !== undefined && isShortCode(code, shown)) {
      return { flow, isFirst: waiting.includes(flow) }
    }
  }
  const most = Math.max(0, ...counted.map(({ attempts }) => attempts))
  throw await refuse(parts, waiting, maxAttempts - most, actor)
}

/** Of flows that a code was right for. */
const answersAgain: readonly FlowRow['status'][] = ['connected', 'exchanging']

async function refuse(
  { database, audit, endFlow }: ShortCodeParts,
  waiting: readonly FlowRow[],
  left: number,
  actor: Actor,
): Promise<KeywellError> {
  if (waiting.length > 0 && left > 0) {
    for (const flow of waiting) {
      const entry = confirmEntryOf(flow, actor)
      const denied = { result: 'denied', reason: 'code_refused' } as const
      await audit.write(database.of(flow.tenantId), { ...entry, ...denied })
    }
    const tries = left === 1 ? 'One more code is taken' : `${left} more codes are taken`
    return new KeywellError('code_refused', `This is not the code of the page. ${tries}.`)
  }
  const over = new KeywellError(
    'flow_expired',
    waiting.length > 0
      ? 'Too many wrong codes came for this attempt.'
      : 'No attempt of this connect session waits for a code.',
    { nextStep: 'Make a new link, and have the user connect again.' },
  )
  for (const flow of waiting) await endFlow.failed(flow, over, actor)
  return over
}
