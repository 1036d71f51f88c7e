/** One after the other, as the model listed them: what one call makes, the next may need. */
export async function eachCall<Call, Result>(
  calls: readonly Call[],
  run: (call: Call) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (const call of calls) results.push(await run(call))
  return results
}
