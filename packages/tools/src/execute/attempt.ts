/** One request, and once more where the provider surely did nothing, or where doing it twice changes nothing. */
import type { ToolDefinition } from '../definition.ts'
import {
  type CredentialState,
  SendFailure,
  type SentAnswer,
  type ToolConnection,
  type ToolPorts,
} from './ports.ts'
import { isLimited, pauseOf, retryAfterMs } from './provider-limits.ts'
import type { Sender, Wanted } from './sender.ts'

export type Attempt =
  | {
      readonly answer: SentAnswer
      /** With status 401: what it means. */
      readonly credential?: CredentialState
    }
  | { readonly failure: SendFailure }

/** For a longer one, the caller is asked to wait. */
const longestWaitMs = 5_000
/** A timer may be early by a little. */
const timerErrorMs = 10

export interface AttemptContext {
  readonly ports: ToolPorts
  readonly connection: ToolConnection
  readonly sender: Sender
  readonly tool: ToolDefinition
}

/** The place in the window for the first request was taken before. */
export async function sendWithRetry(context: AttemptContext, request: Wanted): Promise<Attempt> {
  const first = await attempt(context, request)
  if (!(await isWorthAnother(context, first)) || context.sender.takePlace() > 0) return first
  return attempt(context, request)
}

async function attempt(
  { ports, connection, sender }: AttemptContext,
  request: Wanted,
): Promise<Attempt> {
  try {
    const answer = await sender.send(request)
    if (answer.status !== 401) return { answer }
    return { answer, credential: await ports.examine(connection, answer.generation) }
  } catch (error) {
    if (error instanceof SendFailure) return { failure: error }
    throw error
  }
}

/** Waits where the provider asks for a moment. */
async function isWorthAnother(
  { ports, sender, tool }: AttemptContext,
  first: Attempt,
): Promise<boolean> {
  const isReader = tool.effect === 'read'
  if ('failure' in first) return isReader && first.failure.kind === 'broken_off'
  const { answer, credential } = first
  if (credential !== undefined) return credential.state === 'renewed'
  if (!isLimited(answer)) return isReader && [502, 503, 504].includes(answer.status)
  if (retryAfterMs(answer.headers, ports.now()) === undefined) return false
  // As long as the connection rests.
  const waitMs = pauseOf(answer, ports.now())
  if (waitMs > Math.min(longestWaitMs, sender.leftMs())) return false
  await ports.wait(waitMs + timerErrorMs)
  return true
}
