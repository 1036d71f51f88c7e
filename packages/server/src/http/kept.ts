/**
 * One answer for all calls within some milliseconds: calls that come while it is made wait for it, and a
 * failure is not kept.
 *
 * @param now milliseconds of a clock that never goes back
 */
export function keptFor<Answer>(
  keptMs: number,
  now: () => number,
  make: () => Promise<Answer>,
): () => Promise<Answer> {
  let kept: { answer: Promise<Answer>; untilMs: number } | undefined
  return () => {
    if (kept !== undefined && now() < kept.untilMs) return kept.answer
    const answer = make()
    const mine = { answer, untilMs: Number.POSITIVE_INFINITY }
    kept = mine
    answer.then(
      () => {
        mine.untilMs = now() + keptMs
      },
      () => {
        if (kept === mine) kept = undefined
      },
    )
    return answer
  }
}
