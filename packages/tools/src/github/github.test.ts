/** What GitHub's own client sends for the operations, which its types describe, and what the tools send. */
import { Octokit } from '@octokit/core'
import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { findTool, githubTools, readAnswer, readArguments, requestOf } from '../index.ts'

const where = { owner: 'acme', repo: 'api' }
const issue = { ...where, issue_number: 42 }
const pull = { ...where, pull_number: 7 }
const list = { page: 2, per_page: 50 }
const since = '2026-11-30T10:00:00+02:00'

type Call = (octokit: Octokit) => Promise<unknown>
const calls: Readonly<Record<string, readonly [Call, given: object]>> = {
  github_issues_list: [
    (octokit) =>
      octokit.request('GET /repos/{owner}/{repo}/issues', {
        ...{ ...where, ...list, since, labels: 'bug,help wanted', state: 'all', sort: 'updated' },
        ...{ direction: 'asc', assignee: '*', creator: 'ada', mentioned: 'grace', milestone: '3' },
      }),
    {
      ...{
        ...where,
        ...list,
        since,
        labels: ['bug', 'help wanted'],
        state: 'all',
        sort: 'updated',
      },
      ...{ direction: 'asc', assignee: '*', creator: 'ada', mentioned: 'grace', milestone: 3 },
    },
  ],
  github_issue_get: [
    (octokit) => octokit.request('GET /repos/{owner}/{repo}/issues/{issue_number}', issue),
    issue,
  ],
  github_issue_create: [
    (octokit) =>
      octokit.request('POST /repos/{owner}/{repo}/issues', {
        ...{ ...where, title: 'Login fails', body: 'On Safari', labels: ['bug'], milestone: 3 },
        assignees: ['ada'],
      }),
    {
      ...{ ...where, title: 'Login fails', body: 'On Safari', labels: 'bug', milestone: '3' },
      assignees: ['ada'],
    },
  ],
  github_issue_comment_create: [
    (octokit) =>
      octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
        ...issue,
        body: 'Seen.',
      }),
    { ...issue, body: 'Seen.' },
  ],
  github_pull_requests_list: [
    (octokit) =>
      octokit.request('GET /repos/{owner}/{repo}/pulls', {
        ...{ ...where, ...list, state: 'closed', head: 'acme:fix/login', base: 'main' },
        ...{ sort: 'long-running', direction: 'desc' },
      }),
    {
      ...{ ...where, ...list, state: 'closed', head: 'acme:fix/login', base: 'main' },
      ...{ sort: 'long-running', direction: 'desc' },
    },
  ],
  github_pull_request_get: [
    (octokit) => octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', pull),
    pull,
  ],
  github_pull_request_create: [
    (octokit) =>
      octokit.request('POST /repos/{owner}/{repo}/pulls', {
        ...{ ...where, title: 'Fix login', head: 'fix/login', base: 'main', body: 'Fixes #42' },
        ...{ draft: true, maintainer_can_modify: false },
      }),
    {
      ...{ ...where, title: 'Fix login', head: 'fix/login', base: 'main', body: 'Fixes #42' },
      ...{ draft: 'true', maintainer_can_modify: false },
    },
  ],
  github_pull_request_merge: [
    (octokit) =>
      octokit.request('PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', {
        ...{ ...pull, sha: 'c0ffee', merge_method: 'squash', commit_title: 'Fix login (#7)' },
        commit_message: 'It was Safari.',
      }),
    {
      ...{ ...pull, sha: 'c0ffee', merge_method: 'squash', commit_title: 'Fix login (#7)' },
      commit_message: 'It was Safari.',
    },
  ],
  github_workflow_runs_list: [
    (octokit) =>
      octokit.request('GET /repos/{owner}/{repo}/actions/runs', {
        ...{ ...where, ...list, branch: 'main', event: 'push', status: 'failure', actor: 'ada' },
        head_sha: 'c0ffee',
      }),
    {
      ...{ ...where, ...list, branch: 'main', event: 'push', status: 'failure', actor: 'ada' },
      head_sha: 'c0ffee',
    },
  ],
  github_contents_get: [
    (octokit) =>
      octokit.request('GET /repos/{owner}/{repo}/contents/{path}', {
        ...{ ...where, path: 'docs/über uns #1.md', ref: 'fix/login' },
      }),
    { ...where, path: 'docs/über uns #1.md', ref: 'fix/login', max_bytes: 2048 },
  ],
}

function toolNamed(name: string) {
  const tool = findTool(name)
  if (tool === undefined) throw new Error(`There is no tool ${name}.`)
  return tool
}

function requestFor(name: string, given: object) {
  const tool = toolNamed(name)
  const read = readArguments(tool, given)
  if ('issues' in read) throw new Error(JSON.stringify(read.issues))
  return requestOf(tool, read.arguments)
}

async function sentBy(call: Call) {
  let sent: { url: string; init: RequestInit } | undefined
  const fetch = async (url: string, init: RequestInit) => {
    sent = { url, init }
    return Response.json({})
  }
  await call(new Octokit({ request: { fetch } }))
  if (sent === undefined) throw new Error('Nothing was sent.')
  const { pathname, searchParams } = new URL(sent.url)
  const { method, body } = sent.init
  return {
    method,
    path: pathname,
    query: [...searchParams].toSorted(),
    body: body === undefined || body === null ? undefined : JSON.parse(String(body)),
  }
}

verifies.suite('tools:github-requests', () => {
  test('each tool is compared', () => {
    expect(Object.keys(calls)).toEqual(githubTools.map(({ name }) => name))
  })

  test.each(Object.entries(calls))('%s', async (name, [call, given]) => {
    const { query, path, ...rest } = requestFor(name, given)
    const sorted = [...new URLSearchParams(query)].toSorted()
    expect({ ...rest, path, query: sorted }).toEqual(await sentBy(call))
    // All that it takes was given.
    const takes = toolNamed(name).parameters.map((parameter) => parameter.name)
    expect(Object.keys(given).toSorted()).toEqual(takes.toSorted())
  })
})

test('without a path, the root directory is read', () => {
  expect(requestFor('github_contents_get', where)).toMatchObject({
    path: '/repos/acme/api/contents',
    query: '',
  })
  const text = { ...where, path: '..' }
  expect(() => requestFor('github_contents_get', text)).toThrow('cannot stand in an address')
})

const options = { maxBytes: 10_000, reveals: false, secrets: [] }
const answerOf = (body: unknown, headers: Record<string, string> = {}) => ({
  status: 200,
  headers: new Headers(headers),
  body: new TextEncoder().encode(JSON.stringify(body)),
})

test('a list inside an object is a list, with the count beside it and the page that the link names', () => {
  const link =
    '<https://api.github.com/repositories/1/actions/runs?per_page=1&page=3>; rel="next", <https://api.github.com/repositories/1/actions/runs?per_page=1&page=9>; rel="last"'
  const tool = toolNamed('github_workflow_runs_list')
  const answer = answerOf({ total_count: 9, workflow_runs: [{ id: 1 }] }, { link })
  expect(readAnswer(tool, where, answer, options)).toEqual({
    data: [{ id: 1 }],
    total: 9,
    nextPage: 3,
  })
  for (const body of [{ workflow_runs: {} }, [], null]) {
    expect(() => readAnswer(tool, where, answerOf(body), options)).toThrow('no list')
  }
})

test('a file is text, and a directory has entries', () => {
  const tool = toolNamed('github_contents_get')
  // GitHub breaks Base64 into lines.
  const file = { type: 'file', encoding: 'base64', content: 'SGVs\nbG8=\n' }
  expect(readAnswer(tool, where, answerOf(file), options).data).toMatchObject({
    content: 'Hello',
    encoding: 'text',
  })
  const entries = [{ type: 'dir', name: 'src' }]
  expect(readAnswer(tool, where, answerOf(entries), options).data).toEqual({ entries })
})
