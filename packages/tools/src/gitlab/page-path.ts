import type { PageAddress } from '../provider-tools.ts'

/** The parameters that have the number of a page, by the part of the path before it. */
const numbered: ReadonlyMap<string, string> = new Map([
  ['issues', 'issue_iid'],
  ['work_items', 'issue_iid'],
  ['merge_requests', 'merge_request_iid'],
  ['pipelines', 'pipeline_id'],
  ['jobs', 'job_id'],
])

/** `acme/api/-/issues/42`, `groups/acme`, `acme/api`. */
export function readPagePath(path: string): PageAddress | undefined {
  const segments = path.split('/').filter(Boolean)
  if (segments[0] === 'groups') return placeAt('group', segments.slice(1))
  const end = segments.indexOf('-')
  const [section = '', number = ''] = end === -1 ? [] : segments.slice(end + 1)
  const parameter = numbered.get(section)
  const values = parameter !== undefined && /^\d{1,15}$/.test(number) ? { [parameter]: number } : {}
  const place = end === -1 ? segments : segments.slice(0, end)
  // A path with one segment is a group or a person.
  return place.length < 2 ? undefined : placeAt('project', place, values)
}

function placeAt(
  kind: string,
  segments: readonly string[],
  values: Readonly<Record<string, string>> = {},
): PageAddress | undefined {
  const end = segments.indexOf('-')
  const path = (end === -1 ? segments : segments.slice(0, end)).join('/')
  return /^[\w.+-]+(?:\/[\w.+-]+)*$/.test(path) ? { kind, path, values } : undefined
}
