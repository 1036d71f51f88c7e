/**
 * A change under an idempotency key is made once. A repeat gets the result of the first call, or is refused where that
 * is not known. No provider is asked twice.
 */
import { isKeywellError } from '@keywell/protocol'
import { readingToolOf } from '../reading-tool.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { CheckedCall } from './check.ts'
import type { ExecutedTool } from './execute-tool.ts'
import { keptOf, shownOf } from './kept-result.ts'
import { loggingRefusal } from './log-refusal.ts'
import type { EarlierCall, IdempotencyKeys, KeyOutcome } from './ports.ts'

/** What a call takes at most beside its requests, in milliseconds: to be approved, written down and stored. */
const besideMs = 5_000
/** When to ask again for a call that is under way, in milliseconds. */
const retryAfterMs = 1_000

/** The call has passed the checks of its connection, policy, scopes and arguments: these hold for a repeat as well. */
export async function once(
  checked: CheckedCall,
  key: string | undefined,
  make: () => Promise<ExecutedTool>,
): Promise<ExecutedTool> {
  const { ports, tool, record, sender } = checked
  if (key === undefined || tool.effect === 'read' || record.isDryRun) return make()
  const { keys } = ports
  if (keys === undefined) throw new TypeError('there are no idempotency keys here')
  const earlier = await keys.take(key, record, sender.leftMs() + besideMs)
  if (earlier !== undefined) {
    return loggingRefusal(ports, tool.name, () => replay(checked, keys, earlier), record)
  }
  try {
    const result = await make()
    await keys.settle(key, record, { state: 'done', result: keptOf(result) })
    return result
  } catch (error) {
    await keys.settle(key, record, outcomeOf(checked, error))
    throw error
  }
}

async function replay(
  checked: CheckedCall,
  keys: IdempotencyKeys,
  earlier: EarlierCall,
): Promise<ExecutedTool> {
  const { tool, policy, record } = checked
  const kept = earlier.state === 'done' ? earlier.result : undefined
  const shown = kept && shownOf(kept, tool, policy)
  if (shown === undefined) return refuse(tool.name, refusalOf(checked, earlier.state))
  await keys.replayed(record)
  return { ...shown, replayed: true }
}

function refusalOf({ tool }: CheckedCall, state: EarlierCall['state']): Refusal {
  const readingTool = readingToolOf(tool)
  const look = readingTool === undefined ? 'Look' : `Look with ${readingTool}`
  const reading = readingTool === undefined ? {} : { readingTool }
  switch (state) {
    case 'other_call':
      return {
        code: 'CONFLICT',
        message: 'This idempotency key was used for another call.',
        nextStep: 'Use a new key for each change.',
        more: { reason: 'other_call' },
      }
    case 'in_progress':
      return {
        code: 'CONFLICT',
        message: 'A call under this idempotency key is under way.',
        nextStep: 'Repeat it under the same key in a second.',
        retryAfterMs,
        more: { reason: 'in_progress' },
      }
    case 'unknown':
      return {
        code: 'CONFLICT',
        message: 'A call under this idempotency key was cut off. The change may have been made.',
        nextStep: `${look} whether it was. If it was not, call again under a new key.`,
        more: { reason: 'outcome_unknown', outcome: 'unknown', ...reading },
      }
    case 'done':
      return {
        code: 'CONFLICT',
        message: 'A call under this idempotency key has made the change. Its result is not kept.',
        nextStep: `${look} what is there now.`,
        more: { reason: 'done', ...reading },
      }
  }
}

/** What is known of a call that failed. */
function outcomeOf({ sender }: CheckedCall, error: unknown): KeyOutcome {
  const tool = isKeywellError(error) ? error.tool : undefined
  if (tool?.outcome === 'unknown') return { state: 'unknown' }
  if (tool?.reason === 'done') return { state: 'done' }
  // An error of ours after something was sent says nothing about it.
  const isOpen = tool === undefined && sender.usage().requests > 0
  return { state: isOpen ? 'unknown' : 'free' }
}
