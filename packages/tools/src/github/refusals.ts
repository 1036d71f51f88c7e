/** What GitHub's refusals mean, beside what their status says. */
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
import { quoted } from '../execute/quote.ts'
import { fieldsOf, itemsIn, textOf } from '../look-answer.ts'
import { lastResource, notFound } from '../not-found.ts'
import type { FailedCall, Refusal, RefusalRule } from '../refusal.ts'
import { forbidden } from './forbidden.ts'
import { acceptedScopes, scopesToAsk } from './scope-headers.ts'

function says({ text }: FailedCall, part: string): boolean {
  return text.toLowerCase().includes(part)
}

/** "If you exceed a secondary rate limit": without a header, wait for a minute at least. */
const secondaryLimit: RefusalRule = (failed) =>
  failed.status === 403 && says(failed, 'secondary rate limit')
    ? {
        code: 'RATE_LIMITED',
        message: 'GitHub takes no more calls for now.',
        nextStep: 'Wait a minute, then call again. Make fewer calls at once.',
        retryAfterMs: 60_000,
      }
    : undefined

/** The token is a classic one, and has none of the scopes that the operation accepts. */
const scopeMissing: RefusalRule = (failed) => {
  const accepted = acceptedScopes(failed.headers)
  const missing = accepted.length === 0 ? undefined : scopesToAsk(failed, accepted)
  return failed.status !== 403 || missing === undefined
    ? undefined
    : {
        code: 'SCOPE_MISSING',
        message: 'The token lacks a scope that this tool needs.',
        nextStep: `Ask the user to connect again with ${missing.join(' and ')}.`,
        missingScopes: missing,
      }
}

const noRepository: RefusalRule = (failed) =>
  failed.status === 404 && lastResource(failed) === 'repository'
    ? absentRepository(failed)
    : undefined

/** What a token may not see is not there: a repository is absent, or private and the token lacks a right. */
export function absentRepository(failed: FailedCall): Refusal {
  const missing = scopesToAsk(failed, ['repo'])
  if (missing === undefined) {
    const nextStep =
      'Check owner and repo. A GitHub App or a fine-grained token sees the repositories that it was given access to.'
    return { ...notFound(failed, 'repository'), nextStep }
  }
  const scopes = missing.join(' and ')
  return {
    code: 'SCOPE_MISSING',
    message: `GitHub shows no such repository to a token without the scope ${scopes}: it may be private, or not there.`,
    nextStep: `Check owner and repo. If they are right, ask the user to connect again with ${scopes}.`,
    missingScopes: missing,
  }
}

/** Its refusals of a branch are errors of a field, or name the ref. */
const noBranch: RefusalRule = (failed) => {
  const isField = failed.status === 422 && absentBranchField(failed) !== undefined
  const isRef = failed.status === 404 && says(failed, 'no commit found for the ref')
  return isField || isRef ? notFound(failed, 'branch') : undefined
}

/** Of a pull request: the argument whose branch is not there. */
export function absentBranchField({ body }: FailedCall): 'head' | 'base' | undefined {
  const { field } =
    itemsIn(fieldsOf(body)?.errors).find(
      (each) => each.code === 'invalid' && ['head', 'base'].includes(textOf(each.field)),
    ) ?? {}
  return field === 'head' || field === 'base' ? field : undefined
}

/** 410 also means that an issue was deleted. */
const noIssues: RefusalRule = (failed) =>
  failed.status === 410 && says(failed, 'disabled')
    ? {
        code: 'NOT_FOUND',
        message: `The repository has no issues${quoted(failed.text)}.`,
        nextStep: 'Use another repository, or ask its administrator to switch issues on.',
        more: { reason: 'switched_off' },
      }
    : undefined

const emptyRepository: RefusalRule = (failed) =>
  [404, 409].includes(failed.status) && says(failed, 'repository is empty')
    ? {
        code: 'NOT_FOUND',
        message: 'The repository is there, and has no commits yet.',
        nextStep: 'Push a first commit, or use another repository.',
        more: { reason: 'empty' },
      }
    : undefined

/** A redirected read is followed; a change is not. */
const moved: RefusalRule = (failed) =>
  [301, 307, 308].includes(failed.status)
    ? conflict(failed, 'moved', 'Use the name that the repository has now.')
    : undefined

const notMergeable: RefusalRule = (failed) =>
  failed.tool.name === 'github_pull_request_merge' && failed.status === 405
    ? conflict(
        failed,
        'not_mergeable',
        'Read mergeable_state of the pull request: it says what is in the way. The repository may also allow another merge_method only.',
      )
    : undefined

const otherCommit: RefusalRule = (failed) =>
  failed.status === 409 && says(failed, 'head branch was modified')
    ? conflict(
        failed,
        'stale',
        'Commits were pushed in between. Read the pull request again, and repeat the call with its new sha.',
      )
    : undefined

const pullRequestExists: RefusalRule = (failed) =>
  failed.status === 422 && says(failed, 'a pull request already exists')
    ? conflict(failed, 'exists', 'List the open pull requests, and use the one that is there.')
    : undefined

const nothingToMerge: RefusalRule = (failed) =>
  failed.status === 422 && says(failed, 'no commits between')
    ? conflict(failed, 'nothing_to_merge', 'Push commits to head first, or choose other branches.')
    : undefined

const problems: ReadonlyMap<string, string> = new Map([
  ['missing', 'It names something that is not there.'],
  ['missing_field', 'It is required.'],
  ['invalid', 'Its value cannot be taken.'],
  ['unprocessable', 'Its value cannot be taken.'],
  ['already_exists', 'Another one has this value.'],
])

const invalid: RefusalRule = ({ status, body, text }) => {
  const errors = itemsIn(fieldsOf(body)?.errors)
  if (status !== 422 || errors.length === 0) return undefined
  const issues = errors.slice(0, 20).map(({ field, code, message }) => ({
    field: textOf(field).slice(0, 100),
    problem: problems.get(textOf(code)) ?? (textOf(message) || textOf(code)).slice(0, 200),
  }))
  return {
    code: 'VALIDATION_ERROR',
    message: `GitHub does not take these arguments${quoted(text)}.`,
    nextStep: 'Correct each argument that is named in issues, then call again.',
    more: { issues },
  }
}

function conflict({ text }: FailedCall, reason: string, nextStep: string): Refusal {
  return {
    code: 'CONFLICT',
    message: `GitHub refused, since it conflicts with what is there${quoted(text)}.`,
    nextStep,
    more: { reason },
  }
}

export const refusals: readonly RefusalRule[] = [
  secondaryLimit,
  ...forbidden,
  scopeMissing,
  noBranch,
  emptyRepository,
  noRepository,
  noIssues,
  moved,
  notMergeable,
  otherCommit,
  pullRequestExists,
  nothingToMerge,
  invalid,
]
