import {
  type ConfirmAnswer,
  type FlowStatus,
  flowIdSchema,
  KeywellError,
  returnParameters,
} from '@keywell/protocol'
import type { ConnectRequest } from './connect-request.ts'
import type { FinishOutcome } from './finish-page.ts'
import { json, readJson } from './request.ts'

/** A navigation: whatever comes out, a person reads it. */
export async function finishInPage(incoming: ConnectRequest): Promise<Response> {
  const { parts, request, who, url } = incoming
  // A backend whose popups end elsewhere never loads the page.
  const { finishPage } = await import('./finish-page.ts')
  const language = who.language ?? request.headers.get('accept-language') ?? ''
  const parameter = (name: keyof typeof returnParameters): string =>
    url.searchParams.get(returnParameters[name]) ?? ''
  const flowId = flowIdSchema.safeParse(parameter('flow'))
  try {
    const answer = await parts.connect.confirm({
      sessionId: parameter('session'),
      flowId: parameter('flow'),
      ticket: parameter('ticket'),
      tenantId: who.tenantId,
      userId: who.userId,
    })
    if (answer.mode === 'redirect' && answer.resumeUrl !== null)
      return goOn(answer.resumeUrl, answer)
    const outcome = outcomeOf(answer)
    return finishPage({ status: 200, language, outcome, message: messageOf(answer) })
  } catch (error) {
    if (!(error instanceof KeywellError)) throw error
    return finishPage({
      status: error.status,
      language,
      outcome: { name: 'failed', error },
      message: flowId.success ? { flowId: flowId.data, status: 'failed' } : null,
    })
  }
}

export async function finishInApp({ parts, request, who }: ConnectRequest): Promise<Response> {
  const { session, flow, ticket } = await readJson(request)
  const answer = await parts.connect.confirm({
    sessionId: String(session ?? ''),
    flowId: String(flow ?? ''),
    ticket: String(ticket ?? ''),
    tenantId: who.tenantId,
    userId: who.userId,
  })
  return json(answer)
}

/** Redirect mode: back to where the user was, which learns the flow's id and asks for the rest. */
function goOn(resumeUrl: string, answer: ConfirmAnswer): Response {
  const url = new URL(resumeUrl)
  const fragment = `${returnParameters.flow}=${answer.flowId}`
  // A page that routes by its fragment keeps its place.
  url.hash = url.hash.length > 1 ? `${url.hash.slice(1)}&${fragment}` : fragment
  return new Response(null, {
    status: 303,
    headers: {
      location: url.href,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
  })
}

function messageOf({ flowId, status }: ConfirmAnswer): { flowId: string; status: FlowStatus } {
  return { flowId, status }
}

function outcomeOf({ status, error, connection }: ConfirmAnswer): FinishOutcome {
  switch (status) {
    case 'connected':
      return {
        name: status,
        account: connection?.account.name ?? connection?.account.username ?? undefined,
      }
    case 'denied':
    // The page was loaded again while the first load of it is still at work.
    case 'confirming':
      return { name: status }
    default:
      return { name: 'ended', error }
  }
}
