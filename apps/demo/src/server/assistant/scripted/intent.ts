export type Intent = 'look' | 'report' | 'delete' | 'unknown'

/** The first whose words occur is meant: "delete the failed pipeline" has words of two. */
const words: readonly (readonly [Intent, readonly string[]])[] = [
  ['delete', ['delete', 'remove', 'lösch', 'entfern']],
  ['report', ['issue', 'ticket', 'report']],
  ['look', ['fail', 'broken', 'pipeline', 'fehl', 'kaputt']],
]

/** What a sentence in English or German asks for, by the words in it. */
export function intentOf(text: string): Intent {
  const said = text.toLowerCase()
  const found = words.find(([, some]) => some.some((word) => said.includes(word)))
  return found?.[0] ?? 'unknown'
}
