/** Looks at GitHub for what an agent meant. At most two reads, of what this user can see. */
import { fieldsOf, itemsIn, textOf, textsOf } from '../look-answer.ts'
import { nearestNames } from '../nearest.ts'
import { notFound } from '../not-found.ts'
import type { Hint, Look } from '../provider-tools.ts'
import type { Arguments } from '../read-arguments.ts'
import type { FailedCall, Refusal } from '../refusal.ts'
import { withSimilar } from '../similar.ts'
import { absentBranchField, absentRepository } from './refusals.ts'

export const hint: Hint = (failed, refusal, look) => {
  const found = hintFor(failed, refusal)
  return found === undefined ? Promise.resolve(refusal) : found(failed, refusal, look)
}

function hintFor({ status }: FailedCall, { code, more }: Refusal): Hint | undefined {
  if (more?.reason === 'moved') return newName
  if (code === 'BRANCH_NOT_FOUND') return similarBranches
  if (code === 'PULL_REQUEST_NOT_FOUND') return issueOfNumber
  if (code === 'REPOSITORY_NOT_FOUND') return similarRepositories
  if (code === 'SCOPE_MISSING' && status === 404) return similarRepositories
  if (code === 'ISSUE_NOT_FOUND' && status === 404) return thingOrRepository
  return code === 'NOT_FOUND' && more?.reason === 'file' ? thingOrRepository : undefined
}

const pathOf = ({ owner, repo }: Arguments) =>
  `/repos/${encodeURIComponent(textOf(owner))}/${encodeURIComponent(textOf(repo))}`

/** A read follows the redirect that a change does not. */
const newName: Hint = async ({ arguments: given }, refusal, look) => {
  const name = textOf(fieldsOf(await look({ path: pathOf(given) }))?.full_name)
  return name === '' ? refusal : withSimilar(refusal, [name], 'owner/repo')
}

/** An issue is not there, or the whole repository: GitHub answers both alike. */
const thingOrRepository: Hint = async (failed, refusal, look) => {
  const found = await look({ path: pathOf(failed.arguments) })
  if (fieldsOf(found)?.full_name !== undefined) return refusal
  return similarRepositories(failed, absentRepository(failed), look)
}

/** What is near is meant more likely than what the user's token cannot see. */
const similarRepositories: Hint = async (failed, refusal, look) => {
  const own = await look({ path: '/user/repos', query: 'sort=pushed&per_page=100' })
  const near = nearRepositories(failed.arguments, textsOf(itemsIn(own), 'full_name'))
  const absent = notFound(failed, 'repository')
  return near.length === 0 ? refusal : withSimilar(absent, near, 'owner/repo')
}

/** One part of a name is mistyped, not both: names of one owner have much in common. */
function nearRepositories({ owner, repo }: Arguments, fullNames: readonly string[]): string[] {
  const names = fullNames.map((each) => each.split('/'))
  const isSame = (one: string | undefined, other: unknown) =>
    one?.toLowerCase() === textOf(other).toLowerCase()
  const ofOwner = names.flatMap(([first, name = '']) => (isSame(first, owner) ? [name] : []))
  const ofName = names.flatMap(([first = '', name]) => (isSame(name, repo) ? [first] : []))
  return [
    ...nearestNames(textOf(repo), ofOwner, 3).map((name) => `${textOf(owner)}/${name}`),
    ...nearestNames(textOf(owner), ofName, 3).map((first) => `${first}/${textOf(repo)}`),
  ].slice(0, 3)
}

/** Issues and pull requests are counted together. */
const issueOfNumber: Hint = async (failed, refusal, look) => {
  const { pull_number: number } = failed.arguments
  const issue = await look({ path: `${pathOf(failed.arguments)}/issues/${textOf(number)}` })
  if (fieldsOf(issue)?.number === undefined) return thingOrRepository(failed, refusal, look)
  return {
    ...refusal,
    nextStep: `${textOf(number)} is an issue. If that one is meant, use github_issue_get with issue_number ${textOf(number)}.`,
  }
}

const similarBranches: Hint = async (failed, refusal, look) => {
  const field = absentBranchField(failed) ?? 'ref'
  const name = textOf(failed.arguments[field])
  // `owner:branch` is one of a fork.
  if (name === '' || name.includes(':')) return refusal
  const usual = await usualBranch(failed, name, look)
  if (usual !== undefined) return withSimilar(refusal, [usual], field)
  const branches = await look({
    path: `${pathOf(failed.arguments)}/branches`,
    query: 'per_page=100',
  })
  return withSimilar(refusal, nearestNames(name, textsOf(itemsIn(branches), 'name'), 3), field)
}

/** The default branch, where one of the two usual names for it is not there. */
async function usualBranch(
  failed: FailedCall,
  name: string,
  look: Look,
): Promise<string | undefined> {
  if (name !== 'master' && name !== 'main') return undefined
  const usual = textOf(fieldsOf(await look({ path: pathOf(failed.arguments) }))?.default_branch)
  return usual === '' || usual === name ? undefined : usual
}
