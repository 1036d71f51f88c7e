import { AnswerError } from '../answer/answer-error.ts'
import type { Preparation } from '../definition.ts'

/**
 * GitLab's REST API has no field for drafts: a merge request is one where its title begins with a mark. `draft` sets
 * or removes it, of the title that it has where none is given.
 */
export const draftTitle: Preparation = {
  needsTarget: ({ draft, title }) => draft !== undefined && title === undefined,
  prepare(given, target) {
    if (given.draft === undefined) return given
    const title = withoutMark(String(given.title ?? titleOf(target)))
    return { ...given, title: given.draft === true ? `Draft: ${title}` : title }
  },
}

function titleOf(target: unknown): string {
  const title = (target as { readonly title?: unknown } | null | undefined)?.title
  if (typeof title === 'string') return title
  throw new AnswerError('unusable', 'The merge request that was read has no title.')
}

function withoutMark(title: string): string {
  return title.replace(/^(?:(?:\[draft\]|\(draft\)|draft:)\s*)+/i, '')
}
