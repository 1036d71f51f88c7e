import type { Verdict } from './ledger.ts'

/** What a run came to: figures to print, and what must not be, in words. */
export interface Outcome {
  figures: Readonly<Record<string, number>>
  violations: readonly string[]
}

/** One way to be hard on a fleet: short in the test suite, long by command. */
export interface Scenario<Parameters = unknown> {
  /** In one sentence, what is done and what must hold. */
  title: string
  short: Parameters
  long: Parameters
  run(parameters: Parameters): Promise<Outcome>
}

/** A verdict with figures and violations of the scenario's own beside the judge's. */
export function outcomeOf(
  verdict: Verdict,
  own: { figures?: Outcome['figures']; violations?: readonly string[] } = {},
): Outcome {
  return {
    figures: { ...verdict.figures, ...own.figures },
    violations: [...verdict.violations, ...(own.violations ?? [])],
  }
}

/** One line: what was done, its figures, and whether it is well. Zeros are left out. */
export function lineOf(name: string, { figures, violations }: Outcome, seconds: number): string {
  const shown = Object.entries(figures)
    .filter(([, value]) => value !== 0)
    .map(([figure, value]) => `${figure} ${Math.round(value * 100) / 100}`)
  const end = violations.length === 0 ? 'well' : `${violations.length} VIOLATIONS`
  return `${name}: ${shown.join(', ')}; ${Math.round(seconds)} s; ${end}`
}

/** Says whether something holds, as a violation if not. */
export function unless(holds: boolean, otherwise: string): string[] {
  return holds ? [] : [otherwise]
}
