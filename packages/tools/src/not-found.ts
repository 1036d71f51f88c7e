import type { ToolErrorCode } from '@keywell/protocol'
import { quoted } from './execute/quote.ts'
import type { FailedCall, Refusal } from './refusal.ts'

/** Resources that have a code of their own; others are `NOT_FOUND`. */
const codes: ReadonlyMap<string, ToolErrorCode> = new Map([
  ['project', 'PROJECT_NOT_FOUND'],
  ['repository', 'REPOSITORY_NOT_FOUND'],
  ['branch', 'BRANCH_NOT_FOUND'],
  ['issue', 'ISSUE_NOT_FOUND'],
  ['merge_request', 'MERGE_REQUEST_NOT_FOUND'],
  ['pull_request', 'PULL_REQUEST_NOT_FOUND'],
  ['pipeline', 'PIPELINE_NOT_FOUND'],
])

/** `resource` as a definition calls it; undefined: it is not known what is missing. */
export function notFound({ text }: FailedCall, resource: string | undefined): Refusal {
  const what = resource?.replaceAll('_', ' ')
  const it = what === undefined ? 'nothing there' : `no such ${what}`
  return {
    code: codes.get(resource ?? '') ?? 'NOT_FOUND',
    message: `The provider found ${it}, or this user may not see it${quoted(text)}.`,
    nextStep: `Check ${what === undefined ? 'each name and number in the arguments' : `the ${what}`}, with the tool that lists them.`,
    ...(resource !== undefined && { more: { reason: resource } }),
  }
}

/** What the last part of the path names. */
export function lastResource({ tool: { path, parameters } }: FailedCall): string | undefined {
  const named = parameters.filter((each) => each.in === 'path' && each.resource !== undefined)
  const placeOf = ({ name, pathParam = name }: (typeof named)[number]) =>
    path.indexOf(`{${pathParam}}`)
  return named.toSorted((a, b) => placeOf(a) - placeOf(b)).at(-1)?.resource
}
