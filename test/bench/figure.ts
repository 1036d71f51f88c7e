/** One measured number, and what it should be. */
export interface Figure {
  readonly name: string
  readonly value: number
  /** What the number counts: `x` for a ratio, `µs`, `ms`, `MB`, `per second`. */
  readonly unit: string
  /** The number to reach; null: printed for comparison only. */
  readonly goal: number | null
  readonly better: 'lower' | 'higher'
}

/** A bench is a list of measurements; each answers one figure, or a few that are taken together. */
export type Bench = readonly (() => Promise<readonly Figure[]>)[]

/** Null where there is no goal. */
function isReached({ value, goal, better }: Figure): boolean | null {
  if (goal === null) return null
  return better === 'lower' ? value <= goal : value >= goal
}

/** For people: aligned, with what is missed marked as such. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${rounded(figure.value)} ${figure.unit}`,
    goalOf(figure),
    { true: 'reached', false: 'MISSED', null: '' }[`${isReached(figure)}`],
  ])
  const all = [['figure', 'value', 'goal', ''], ...rows]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const lines = all.map(([name = '', value = '', goal = '', mark = '']) =>
    [
      name.padEnd(widths[0] ?? 0),
      value.padStart(widths[1] ?? 0),
      goal.padStart(widths[2] ?? 0),
      mark,
    ]
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

function goalOf({ goal, unit, better }: Figure): string {
  return goal === null ? '' : `${better === 'lower' ? '≤' : '≥'} ${rounded(goal)} ${unit}`
}

/** Three digits that count; more would be noise. */
function rounded(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(3))
}
