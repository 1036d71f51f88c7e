import { approvalIdSchema, KeywellError } from '@keywell/protocol'
import { parseInput } from '../request.ts'
import type { ConnectRequest } from './connect-request.ts'

/**
 * A navigation to the address that an agent has shown: goes on to the page of the service where the user who is signed
 * in here decides. The app's login says who that is; the address says only which call is meant.
 */
export async function approveOnPage({ parts, who, url }: ConnectRequest): Promise<Response> {
  const { tenantId, userId, approvesForOthers: forOthers = false } = who
  try {
    const approvalId = parseInput(
      approvalIdSchema,
      url.searchParams.get('approvalId'),
      'approvalId',
    )
    const link = await parts.approvals.createLink({ approvalId, tenantId, userId, forOthers })
    return new Response(null, { status: 303, headers: { ...unkept, location: link.url } })
  } catch (error) {
    if (!(error instanceof KeywellError)) throw error
    // A person reads it.
    const headers = { ...unkept, 'content-type': 'text/plain; charset=utf-8' }
    return new Response(error.message, { status: error.status, headers })
  }
}

const unkept = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } as const
