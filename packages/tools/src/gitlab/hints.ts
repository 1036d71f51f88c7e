/** Looks at GitLab for what an agent meant. At most two reads, of what this user can see. */
import { oneLine } from '../execute/quote.ts'
import { fieldsOf, itemsIn, textOf, textsOf } from '../look-answer.ts'
import { nearestNames } from '../nearest.ts'
import type { Hint, Look } from '../provider-tools.ts'
import type { FailedCall, Refusal } from '../refusal.ts'
import { withSimilar } from '../similar.ts'

export const hint: Hint = (failed, refusal, look) => {
  const found = hintFor(failed, refusal)
  return found === undefined ? Promise.resolve(refusal) : found(failed, refusal, look)
}

function hintFor({ tool }: FailedCall, { code, more }: Refusal): Hint | undefined {
  if (code === 'PROJECT_NOT_FOUND') return similarProjects
  if (code === 'BRANCH_NOT_FOUND') return similarBranches
  if (code === 'ISSUE_NOT_FOUND') return itemOfGlobalId('issue')
  if (code === 'MERGE_REQUEST_NOT_FOUND') return itemOfGlobalId('mergeRequest')
  if (code === 'NOT_FOUND' && more?.reason === 'milestone') return milestoneOfNumber
  const isApproval = /_merge_request_(?:approve|approvals_get)$/.test(tool.name)
  return isApproval && (code === 'FORBIDDEN' || code === 'NOT_FOUND') ? approvalTier : undefined
}

const root = '/api/v4'

const similarProjects: Hint = async ({ arguments: given }, refusal, look) => {
  const path = textOf(given.project_id)
  if (path === '' || /^\d+$/.test(path)) return refusal
  const own = 'membership=true&simple=true'
  const search = encodeURIComponent(path.split('/').at(-1) ?? path)
  const found = await namesOf(look, 'path_with_namespace', {
    path: `${root}/projects`,
    query: `search=${search}&search_namespaces=true&${own}&per_page=50`,
  })
  const near = nearestNames(path, found, 3)
  if (near.length > 0) return withSimilar(refusal, near, 'project_id')
  const latest = await namesOf(look, 'path_with_namespace', {
    path: `${root}/projects`,
    query: `${own}&order_by=last_activity_at&per_page=100`,
  })
  return withSimilar(refusal, nearestNames(path, latest, 3), 'project_id')
}

const similarBranches: Hint = async ({ arguments: given }, refusal, look) => {
  const [field, name] =
    ['branch', 'ref', 'target_branch', 'start_branch', 'source_branch']
      .map((each) => [each, textOf(given[each])] as const)
      .find(([, value]) => value !== '') ?? []
  if (field === undefined || name === undefined) return refusal
  const path = `${root}/projects/${encodeURIComponent(textOf(given.project_id))}/repository/branches`
  const start = encodeURIComponent(`^${[...name].slice(0, 3).join('')}`)
  const isOldDefault = name === 'master' || name === 'main'
  if (!isOldDefault) {
    const found = await namesOf(look, 'name', { path, query: `search=${start}&per_page=100` })
    const near = nearestNames(name, found, 3)
    if (near.length > 0) return withSimilar(refusal, near, field)
  }
  const all = itemsIn(await look({ path, query: 'per_page=100' }))
  const usual = isOldDefault ? all.filter((each) => each.default === true) : []
  const names =
    usual.length > 0 ? textsOf(usual, 'name') : nearestNames(name, textsOf(all, 'name'), 3)
  return withSimilar(refusal, names, field)
}

const globalIds = {
  issue: { field: 'issue_iid', type: 'Issue', word: 'an issue' },
  mergeRequest: { field: 'merge_request_iid', type: 'MergeRequest', word: 'a merge request' },
} as const

/** People see the number within a project; other tools answer the global id. */
function itemOfGlobalId(kind: keyof typeof globalIds): Hint {
  const { field, type, word } = globalIds[kind]
  return async ({ arguments: given }, refusal, look) => {
    const id = given[field]
    if (typeof id !== 'number') return refusal
    const query = `query ($id: ${type}ID!) { ${kind}(id: $id) { reference(full: true) } }`
    const variables = { id: `gid://gitlab/${type}/${id}` }
    const answer = await look({
      method: 'POST',
      path: '/api/graphql',
      body: { query, variables },
    })
    const item = fieldsOf(fieldsOf(fieldsOf(answer)?.data)?.[kind])
    const [, project = '', iid = ''] =
      /^([^#!]{1,500})[#!](\d{1,15})$/.exec(textOf(item?.reference)) ?? []
    if (iid === '') return refusal
    const isHere = project.toLowerCase() === textOf(given.project_id).toLowerCase()
    const where = isHere ? '' : ` with project_id ${oneLine(project, 200)}`
    return {
      ...refusal,
      nextStep: `${id} is the global id of ${word}. If that one is meant, use ${field} ${iid}${where}.`,
    }
  }
}

/** The other way round: the path takes the global id, and people see the number. */
const milestoneOfNumber: Hint = async ({ arguments: given }, refusal, look) => {
  const number = given.milestone_id
  if (typeof number !== 'number') return refusal
  const project = encodeURIComponent(textOf(given.project_id))
  const [found] = itemsIn(
    await look({
      path: `${root}/projects/${project}/milestones`,
      query: `iids%5B%5D=${number}`,
    }),
  )
  if (typeof found?.id !== 'number') return refusal
  return {
    ...refusal,
    nextStep: `${number} is the number in the address of a milestone. If that one is meant, use milestone_id ${found.id}.`,
  }
}

/** A user who can read the merge request and not its approvals has no licence for them. */
const approvalTier: Hint = async ({ arguments: given, tool }, refusal, look) => {
  if (!tool.name.endsWith('_approvals_get')) return refusal
  const project = encodeURIComponent(textOf(given.project_id))
  const path = `${root}/projects/${project}/merge_requests/${textOf(given.merge_request_iid)}`
  if (fieldsOf(await look({ path }))?.iid === undefined) return refusal
  return {
    code: 'PREMIUM_REQUIRED',
    message: 'The merge request can be read, and its approvals cannot: this takes another tier.',
    nextStep: 'Do without approvals; the merge request itself says who reviews it.',
  }
}

async function namesOf(
  look: Look,
  field: string,
  request: { readonly path: string; readonly query: string },
): Promise<string[]> {
  return textsOf(itemsIn(await look(request)), field)
}
