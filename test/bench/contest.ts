/** What is timed: does the thing `times` times. */
export type Contender = (times: number) => void | Promise<void>

const rounds = Number(process.env.BENCH_ROUNDS ?? 61)
/** A round or two that show that the figures are there; nothing about speed is learnt from them. */
export const isShort: boolean = rounds < 10
/** Time for the compiler to do its best with each contender; it competes for the machine, too. */
const warmUpMs = isShort ? 1 : 700

/**
 * Times contenders against each other and answers the median of each, in nanoseconds per time.
 * They take turns in short rounds, so that whatever else the machine does meets all of them alike.
 */
export async function contest<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  times: number,
): Promise<Record<Name, number>> {
  // Object.keys forgets the literal type; the record above has no other keys.
  const names = Object.keys(contenders) as Name[]
  const taken = new Map<Name, number[]>(names.map((name) => [name, []]))
  const untilMs = performance.now() + warmUpMs * names.length
  while (performance.now() < untilMs) for (const name of names) await contenders[name](times)
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const beganMs = performance.now()
      await contenders[name](times)
      taken.get(name)?.push(((performance.now() - beganMs) * 1e6) / times)
    }
  }
  const medians = names.map((name) => [name, quantile(taken.get(name) ?? [], 0.5)])
  // The keys are those of `contenders`.
  return Object.fromEntries(medians) as Record<Name, number>
}

/** @param part 0.5 for the median, 0.99 for the 99th percentile */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * part))
  return sorted[at] ?? Number.NaN
}
