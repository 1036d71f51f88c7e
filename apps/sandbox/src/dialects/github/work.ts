/** What people work on in a repository: issues, pull requests, workflow runs, files. */
export interface GitHubIssue {
  number: number
  title: string
  body: string | null
  state: 'open' | 'closed'
  login: string
  labels: readonly string[]
  assignees: readonly string[]
  comments: { id: number; login: string; body: string }[]
  /** Of a pull request, which is an issue too. */
  pull?: { head: string; base: string; draft: boolean; merged: boolean; sha: string }
}

export interface GitHubWork {
  readonly issues: GitHubIssue[]
  readonly runs: readonly { id: number; name: string; branch: string; conclusion: string | null }[]
  /** By path. */
  readonly files: ReadonlyMap<string, string>
  readonly branches: readonly string[]
}

/** As every repository begins. */
export function newWork(owner: string): GitHubWork {
  return {
    branches: ['main', 'lamp'],
    issues: [
      {
        number: 1,
        title: 'The lamp flickers',
        body: 'Since the last storm.',
        state: 'open',
        login: owner,
        labels: ['bug'],
        assignees: [],
        comments: [],
      },
    ],
    runs: [
      { id: 30433642, name: 'Build', branch: 'main', conclusion: 'success' },
      { id: 30433643, name: 'Build', branch: 'lamp', conclusion: 'failure' },
    ],
    files: new Map([
      ['README.md', '# Harbour\n'],
      ['src/lamp.ts', 'export const lamp = true\n'],
    ]),
  }
}

export function nextNumber({ issues }: GitHubWork): number {
  return issues.length + 1
}
