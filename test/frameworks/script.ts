/** What the scripted model does: it lists the issues of a project, and opens one that names the first. */

export type Turn = { readonly call: { name: string; args: object } } | { readonly text: string }

/** @param results of the calls so far, as each library hands them to a model */
export type Script = (results: readonly unknown[]) => Turn

export const createdTitle = 'Follows Login fails on Safari'
export const lastWords = `Opened #2: ${createdTitle}`

export function followUp(project: string): Script {
  return (results) => {
    const [listed, opened] = results.map((result) => dataIn(result))
    if (results.length === 0) return call('gitlab_issues_list', { project_id: project })
    const title = titleIn(listed)
    if (title === undefined)
      return { text: `no list of issues: ${JSON.stringify(results).slice(0, 500)}` }
    if (results.length === 1) {
      return call('gitlab_issue_create', { project_id: project, title: `Follows ${title}` })
    }
    return { text: `Opened #${fieldOf(opened, 'iid')}: ${fieldOf(opened, 'title')}` }
  }
}

function call(name: string, args: object): Turn {
  return { call: { name, args } }
}

function titleIn(listed: unknown): string | undefined {
  const title = Array.isArray(listed) ? fieldOf(listed[0], 'title') : undefined
  return typeof title === 'string' ? title : undefined
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** The `data` of a result, out of whatever a library has put around it. */
function dataIn(value: unknown): unknown {
  if (typeof value === 'string') return dataIn(parse(value))
  if (typeof value !== 'object' || value === null) return undefined
  if ('data' in value) return value.data
  return Object.values(value)
    .map(dataIn)
    .find((data) => data !== undefined)
}

/** A result is one line; a library may write its own remarks below. */
function parse(text: string): unknown {
  try {
    const [line = ''] = text.split('\n', 1)
    const value: unknown = JSON.parse(line)
    return value
  } catch {
    return undefined
  }
}
