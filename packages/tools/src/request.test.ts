import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import type { ToolDefinition, ToolParameter } from './definition.ts'
import { gitlabTools } from './gitlab/index.ts'
import { findTool, PathError, readArguments, requestOf } from './index.ts'
import { exampleOf, examplesOf } from './testing/examples.ts'
import { documentedParameters } from './testing/gitlab-parameters.ts'

function toolNamed(name: string): ToolDefinition {
  const tool = findTool(name)
  if (tool === undefined) throw new Error(`There is no tool ${name}.`)
  return tool
}

/** The request of a call that is right. */
function request(name: string, given: unknown) {
  const tool = toolNamed(name)
  const read = readArguments(tool, given)
  if ('issues' in read) throw new Error(JSON.stringify(read.issues))
  return requestOf(tool, read.arguments)
}

/** Where a tool and GitLab's document differ, and why the tool is right. */
const known: Readonly<Record<string, string>> = {
  'body add_labels': 'the document says a list, and GitLab takes names with commas between them',
  'body labels': 'the same',
  'body remove_labels': 'the same',
  'query labels': 'the same',
  'query topic': 'the same',
  'body user_id': 'several people, with commas between their ids, may be added at once',
  'query assignee_id': 'None and Any are taken, too',
  'query reviewer_id': 'the same',
  'path id': 'a path is taken wherever a number is',
  'path branch': 'the document says a number; it is a name',
  'gitlab_pipeline_jobs_list query scope': 'the document says one; GitLab takes several',
  'gitlab_project_variable_update body filter[environment_scope]':
    'the document has it as a field of `filter`, which is what is sent',
  'gitlab_project_snippet_create body file_name': 'required where `files` is not given',
  'gitlab_commit_comment_create body line': 'required where `path` is given',
  'gitlab_commit_comment_create body line_type': 'the same',
}

verifies('tools:parameters', () => {
  const used = new Set<string>()
  const faults = gitlabTools.flatMap((tool) => {
    const documented = documentedParameters[`${tool.method} ${tool.path}`]
    if (documented === undefined) return []
    return tool.parameters.flatMap((parameter) =>
      placesOf(parameter).flatMap((place) => {
        const fault = faultOf(parameter, documented[place])
        const key = [place, `${tool.name} ${place}`].find((each) => each in known)
        if (fault === undefined || key === undefined)
          return fault ? [`${tool.name} ${place}: ${fault}`] : []
        used.add(key)
        return []
      }),
    )
  })
  expect(faults).toEqual([])
  expect(Object.keys(known).filter((key) => !used.has(key))).toEqual([])
  // What GitLab requires, a tool has.
  for (const tool of gitlabTools) {
    const documented = Object.entries(documentedParameters[`${tool.method} ${tool.path}`] ?? {})
    const required = documented.filter(([, type]) => type.endsWith('!')).map(([place]) => place)
    expect(tool.parameters.flatMap(placesOf), tool.name).toEqual(expect.arrayContaining(required))
  }
})

function placesOf({
  name,
  in: place,
  pathParam = name,
  wireName = name,
  alsoAs = [],
  local,
}: ToolParameter) {
  if (local) return []
  return place === 'path'
    ? [`path ${pathParam}`]
    : [wireName, ...alsoAs].map((each) => `${place} ${each}`)
}

function faultOf(
  { type, items, required, sendDefault }: ToolParameter,
  documented: string | undefined,
) {
  if (documented === undefined) return 'is not there'
  const own = type === 'array' ? `array of ${items}` : type
  if (documented.replace('!', '') !== own) return `is ${own}, and ${documented} there`
  return documented.endsWith('!') && !required && !sendDefault ? 'is required there' : undefined
}

verifies('tools:requests', () => {
  for (const tool of gitlabTools) {
    for (const given of [exampleOf(tool, 'least'), exampleOf(tool, 'all')]) {
      const read = readArguments(tool, given)
      expect(read, tool.name).not.toHaveProperty('issues')
      if ('issues' in read) continue
      const { method, path, query, body } = requestOf(tool, read.arguments)
      expect(method).toBe(tool.method)
      expect(pathPattern(tool).test(path), `${tool.name} ${path}`).toBe(true)
      expect(body === undefined || method !== 'GET', tool.name).toBe(true)
      const sent = new Set([...new URLSearchParams(query).keys(), ...Object.keys(body ?? {})])
      const names = tool.parameters.filter(({ local, in: place }) => !local && place !== 'path')
      const wire = names.flatMap(({ name, wireName = name, alsoAs = [] }) => [wireName, ...alsoAs])
      const known = new Set(wire.flatMap((name) => [name, `${name}[]`, name.split('[')[0]]))
      expect(
        [...sent].filter((name) => !known.has(name)),
        tool.name,
      ).toEqual([])
    }
  }
})

function pathPattern({ path }: ToolDefinition): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, '[^/?#]+')}$`)
}

verifies('tools:path', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constant('half a \ud83d'),
    fc.constantFrom('a/b', '../x', '%2e%2e', '?x=1', '#f', 'ü/ß', '🙂', 'a\nb', 'x%2Fy', '\\', ';'),
  )
  const tool = toolNamed('gitlab_file_get')
  fc.assert(
    fc.property(text, text, (project, file) => {
      const call = () => requestOf(tool, { project_id: project, file_path: file })
      if ([project, file].some((each) => /^\.{0,2}$|\p{Surrogate}/u.test(each))) {
        expect(call).toThrow(PathError)
        return
      }
      const url = new URL(`https://gitlab.example/api/v4${call().path}`)
      const parts = url.pathname.split('/').slice(3)
      expect(url.search + url.hash).toBe('')
      expect(parts.map(decodeURIComponent)).toEqual([
        'projects',
        project,
        'repository',
        'files',
        file,
      ])
    }),
  )
})

test('a list stands in the address item by item, and a moment with its plus', () => {
  expect(request('gitlab_jobs_list', { project_id: 'a/b', scope: ['failed', 'success'] })).toEqual({
    method: 'GET',
    path: '/projects/a%2Fb/jobs',
    query: 'scope%5B%5D=failed&scope%5B%5D=success',
    body: undefined,
  })
  const { query } = request('gitlab_issues_list', {
    project_id: 7,
    created_after: '2026-11-30T10:00:00+02:00',
  })
  expect(query).toBe('created_after=2026-11-30T10%3A00%3A00%2B02%3A00')
})

test('a name with brackets is a field of a field in a body, and stays as it is in an address', () => {
  const given = { project_id: 7, key: 'TOKEN', filter_environment_scope: 'review/*' }
  expect(request('gitlab_project_variable_update', { ...given, protected: true }).body).toEqual({
    filter: { environment_scope: 'review/*' },
    protected: true,
  })
  expect(request('gitlab_project_variable_get', given).query).toBe(
    'filter%5Benvironment_scope%5D=review%2F*',
  )
})

test('a parameter goes under each of its names, one that must be sent with its default, and one of ours not at all', () => {
  const merge = { project_id: 7, merge_request_iid: 3, auto_merge: true }
  expect(request('gitlab_merge_request_merge', merge).body).toEqual({
    auto_merge: true,
    merge_when_pipeline_succeeds: true,
  })
  const snippet = { project_id: 7, title: 'x', file_name: 'a', content: 'b' }
  expect(request('gitlab_project_snippet_create', snippet).body).toHaveProperty('visibility')
  expect(
    request('gitlab_job_log_get', { project_id: 7, job_id: 3, max_bytes: 2_048 }),
  ).toMatchObject({
    query: '',
    body: undefined,
  })
})

test('what clears is sent, and what is left out is not', () => {
  const given = { project_id: 7, issue_iid: 3, labels: '', assignee_ids: [], title: null }
  expect(request('gitlab_issue_update', given).body).toEqual({ labels: '', assignee_ids: [] })
})

test('examples are right for each tool', () => {
  for (const tool of gitlabTools)
    for (const given of examplesOf(tool)) {
      expect(readArguments(tool, given), tool.name).not.toHaveProperty('issues')
    }
})
