import { distance } from 'fastest-levenshtein'

/** The names that are most like one, at most `count`, from the nearest. Case makes no difference. */
export function nearestNames(name: string, names: readonly string[], count: number): string[] {
  // Farther away, names have little in common.
  const farthest = Math.max(2, Math.floor(name.length / 3))
  return [...new Set(names)]
    .map((each) => ({ each, away: distance(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ away }) => away <= farthest)
    .sort((a, b) => a.away - b.away)
    .slice(0, count)
    .map(({ each }) => each)
}
