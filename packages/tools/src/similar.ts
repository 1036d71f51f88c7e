import { oneLine } from './execute/quote.ts'
import type { Refusal } from './refusal.ts'

/** Names that somebody may have meant, where there are some. `field`: the argument that they are for. */
export function withSimilar(refusal: Refusal, similar: readonly string[], field: string): Refusal {
  const [first] = similar
  if (first === undefined) return refusal
  const names = similar.map((name) => oneLine(name, 200))
  return {
    ...refusal,
    nextStep: `Use ${field} ${names.join(', or ')}, if that is what is meant.`,
    more: { ...refusal.more, similar: names },
  }
}
