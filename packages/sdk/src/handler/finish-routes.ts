import {
  type ConfirmAnswer,
  type FlowStatus,
  flowIdSchema,
  KeywellError,
  returnParameters,
} from '@keywell/protocol'
import type { ConnectRequest } from './connect-request.ts'
import { finishPage } from './finish-page.ts'
import { json, readJson } from './request.ts'

/** A navigation: whatever comes out, a person reads it. */
export async function finishInPage({ parts, who, url }: ConnectRequest): Promise<Response> {
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
    return finishPage({ status: 200, ...wordsFor(answer), message: messageOf(answer) })
  } catch (error) {
    if (!(error instanceof KeywellError)) throw error
    return finishPage({
      status: error.status,
      heading: 'This did not work',
      sentence: error.message,
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

function wordsFor({ status, error, connection }: ConfirmAnswer): {
  heading: string
  sentence: string
} {
  if (status === 'connected') {
    const account = connection?.account.name ?? connection?.account.username
    return {
      heading: 'Connected',
      sentence: account ? `The account of ${account} is connected.` : 'The account is connected.',
    }
  }
  if (status === 'denied') {
    return {
      heading: 'Not connected',
      sentence: 'You said no at the provider. Nothing was stored.',
    }
  }
  // The page was loaded again while the first load of it is still at work.
  if (status === 'confirming') {
    return {
      heading: 'Almost connected',
      sentence: 'The account is being connected. The page you came from shows when it is done.',
    }
  }
  return { heading: 'Not connected', sentence: saidOf(error) }
}

function saidOf(error: ConfirmAnswer['error']): string {
  if (error === null) return 'Nothing was stored.'
  return [error.message, error.nextStep].filter(Boolean).join(' ')
}
