/** What GitLab's refusals mean, beside what their status says. */
import { quoted } from '../execute/quote.ts'
import { notFound } from '../not-found.ts'
import type { FailedCall, Refusal, RefusalRule } from '../refusal.ts'

/**
 * Texts that say more than the status. Each is a part of one, in lower case; where it stands in GitLab's source or who
 * reported it is beside it. A text that GitLab changes loses its rule, and the status decides.
 */
const texts = {
  // app/services/ci: `Identity verification is required in order to run CI jobs`, with 400 or 403.
  identity: ['identity verification is required'],
  // lib/api/search.rb; the second before 16, the third in the community edition.
  advancedSearch: [
    'only with advanced search',
    'without elasticsearch',
    'scope does not have a valid',
  ],
  // app/services/files/base_service.rb.
  stale: ['has changed since you started editing it'],
  // Reported: somebody pushed to the branch in between.
  moved: ['could not update refs/heads/'],
  // lib/api/ci/variables.rb, with 409.
  severalVariables: ['multiple variables with provided parameters'],
  // lib/api/helpers.rb, with 405.
  movedProject: ['not allowed for moved projects'],
  // lib/api/merge_requests.rb, with 409.
  otherCommit: ['sha does not match head'],
  exists: ['already exists', 'has already been taken', 'already open', 'already reserved'],
  // lib/spam and lib/api/concerns/spammable.
  spam: ['recognized as spam', 'needs_captcha_response', 'captcha'],
  // lib/gitlab/auth/user_access_denied_reason.rb.
  account: [
    'account has been blocked',
    'account is blocked',
    'account has been deactivated',
    'account is pending',
    'must accept the terms',
    'has been banned',
  ],
  // lib/api/ci/jobs.rb, with 403.
  notRetryable: ['not retryable', 'not playable'],
  // app/services/ci/create_pipeline_service.rb, with 400.
  noRef: ['reference not found'],
} satisfies Record<string, readonly string[]>

function says({ text }: FailedCall, which: keyof typeof texts): boolean {
  const lower = text.toLowerCase()
  return texts[which].some((part) => lower.includes(part))
}

const insufficientScope: RefusalRule = ({ status, body, tool }) => {
  const error = (body as { readonly error?: unknown } | undefined)?.error
  if (status !== 403 || error !== 'insufficient_scope') return undefined
  return {
    code: 'SCOPE_MISSING',
    message: 'The token lacks a scope that this tool needs.',
    nextStep: `Ask the user to connect again with ${tool.scopes.join(' and ')}.`,
    missingScopes: tool.scopes,
  }
}

const identity: RefusalRule = (failed) =>
  [400, 403].includes(failed.status) && says(failed, 'identity')
    ? {
        code: 'IDENTITY_VERIFICATION_REQUIRED',
        message: 'GitLab wants the user to verify their identity before it runs CI jobs.',
        nextStep:
          'Ask the user to do so at /-/profile/verify of the host. A project that uses its own runners only does not need it.',
      }
    : undefined

const advancedSearch: RefusalRule = (failed) =>
  failed.status === 400 && failed.tool.name.endsWith('_search') && says(failed, 'advancedSearch')
    ? {
        code: 'PREMIUM_REQUIRED',
        message: `This scope of search takes advanced search, which this instance does not have${quoted(failed.text)}.`,
        nextStep:
          'Search within one project with gitlab_project_search, or choose the scope projects, issues, merge_requests or milestones.',
      }
    : undefined

const staleFile: RefusalRule = (failed) =>
  failed.status === 400 && (says(failed, 'stale') || says(failed, 'moved'))
    ? conflict(failed, 'stale', 'Read the file again, and make the change to what it is now.')
    : undefined

const severalVariables: RefusalRule = (failed) =>
  failed.status === 409 && says(failed, 'severalVariables')
    ? conflict(
        failed,
        'not_unique',
        'List the variables, and say which one is meant with filter_environment_scope.',
      )
    : undefined

const movedProject: RefusalRule = (failed) =>
  failed.status === 405 && says(failed, 'movedProject')
    ? conflict(failed, 'moved', 'Read the project, and use the path or number that it has now.')
    : undefined

/** Not mergeable now, or conflicts. */
const notMergeable: RefusalRule = (failed) =>
  failed.tool.name === 'gitlab_merge_request_merge' && [405, 406, 422].includes(failed.status)
    ? conflict(
        failed,
        'not_mergeable',
        'Read detailed_merge_status of the merge request: it says what is in the way.',
      )
    : undefined

const conflicts: RefusalRule = (failed) => {
  if (failed.status !== 409) return undefined
  if (says(failed, 'spam')) return spammed
  if (says(failed, 'otherCommit')) {
    return conflict(
      failed,
      'stale',
      'Commits were pushed in between. Read the merge request again, and repeat the call with its new sha.',
    )
  }
  return says(failed, 'exists')
    ? conflict(failed, 'exists', 'Read or update the one that is there, or choose another name.')
    : undefined
}

const spammed: Refusal = {
  code: 'FORBIDDEN',
  message: 'GitLab takes this for spam.',
  nextStep: 'Ask the user to do it on the page of GitLab, where a captcha can be solved.',
  more: { reason: 'spam' },
}

const spam: RefusalRule = (failed) =>
  failed.status === 400 && says(failed, 'spam') ? spammed : undefined

const account: RefusalRule = (failed) =>
  failed.status === 403 && says(failed, 'account')
    ? {
        code: 'FORBIDDEN',
        message: `GitLab does not let this account in${quoted(failed.text)}.`,
        nextStep: 'Ask the user to sign in at GitLab, which says what to do.',
        more: { reason: 'account' },
      }
    : undefined

const notRetryable: RefusalRule = (failed) =>
  failed.status === 403 && says(failed, 'notRetryable')
    ? conflict(failed, 'not_retryable', 'Read the job: one that runs or waits cannot be retried.')
    : undefined

const noRef: RefusalRule = (failed) =>
  failed.status === 400 && says(failed, 'noRef') ? notFound(failed, 'branch') : undefined

/** `404 Project Not Found`: the noun says what. */
const absentNoun: RefusalRule = (failed) => {
  if (failed.status !== 404) return undefined
  const noun = /^404 ([A-Z][a-z]+(?: [A-Za-z]+)?) Not Found$/.exec(failed.text)?.[1]
  return noun === undefined
    ? undefined
    : notFound(failed, noun.toLowerCase().replaceAll(' ', '_').replace('tree', 'file'))
}

/** No such route: GitLab answers a page, or an `error`, where a slash in a path was decoded on the way. */
const absentRoute: RefusalRule = (failed) => {
  if (failed.status !== 404) return undefined
  const error = (failed.body as { readonly error?: unknown } | undefined)?.error
  if (failed.body !== undefined && error !== '404 Not Found') return undefined
  return {
    code: 'NOT_FOUND',
    message: 'GitLab has no such address.',
    nextStep:
      'If this is so for every project path on this host, something in front of GitLab decodes %2F: with nginx, leave the path out of proxy_pass; with Apache, set AllowEncodedSlashes NoDecode and nocanon. A number in place of a path works meanwhile.',
    more: { reason: 'route' },
  }
}

function conflict({ text }: FailedCall, reason: string, nextStep: string): Refusal {
  return {
    code: 'CONFLICT',
    message: `GitLab refused, since it conflicts with what is there${quoted(text)}.`,
    nextStep,
    more: { reason },
  }
}

export const refusals: readonly RefusalRule[] = [
  insufficientScope,
  identity,
  advancedSearch,
  staleFile,
  severalVariables,
  movedProject,
  notMergeable,
  conflicts,
  spam,
  account,
  notRetryable,
  noRef,
  absentNoun,
  absentRoute,
]
