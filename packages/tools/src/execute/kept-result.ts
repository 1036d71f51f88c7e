/** What of a result is kept for a repeat of its call, and what is shown of it then. */
import { boundData } from '../answer/bound.ts'
import { byteLength } from '../answer/bytes.ts'
import { withhold } from '../answer/withhold.ts'
import type { ToolDefinition } from '../definition.ts'
import type { KeptResult, ToolPolicy } from './ports.ts'

/** Of the data, as JSON: a sealed record holds 64 KiB. */
const keptBytes = 60 * 1024
/** Ids, names and addresses are not longer. */
const shortBytes = 500

/** Undefined: it is too large, and has no short fields either. */
export function keptOf(result: KeptResult): KeptResult | undefined {
  const whole = bounded(result, keptBytes)
  if (whole !== undefined) return whole
  const warnings = ['Of this object, short fields alone are kept for a repeat of the call.']
  const short = { ...result, data: shortFields(result.data), truncated: true, warnings } as const
  return bounded(short, keptBytes)
}

/** By the policy as it is now. Undefined: it allows less than that. */
export function shownOf(
  kept: KeptResult,
  { withholds = [] }: ToolDefinition,
  { revealsValues, maxResultBytes }: ToolPolicy,
): KeptResult | undefined {
  const data = withhold(kept.data, { fields: revealsValues ? [] : withholds, secrets: [] })
  return bounded({ ...kept, data }, maxResultBytes)
}

function bounded(result: KeptResult, maxBytes: number): KeptResult | undefined {
  const { data, truncated, warnings } = boundData(result.data, maxBytes)
  if (data === undefined) return undefined
  return truncated ? { ...result, data, truncated, warnings } : result
}

function shortFields(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data
  return Object.fromEntries(
    Object.entries(data).filter(([, value]) => byteLength(JSON.stringify(value)) <= shortBytes),
  )
}
