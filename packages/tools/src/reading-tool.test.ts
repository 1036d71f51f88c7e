import { expect, test } from 'vitest'
import { findTool, listToolProviders, listTools } from './catalogue.ts'
import { readingToolOf } from './reading-tool.ts'

const readingTool = (name: string) => {
  const tool = findTool(name)
  return tool && readingToolOf(tool)
}

test('each tool that changes something has one that reads what became of it', () => {
  const changing = listToolProviders()
    .flatMap(listTools)
    .filter(({ effect }) => effect !== 'read')
  expect(changing.length).toBeGreaterThan(50)
  for (const tool of changing) {
    expect(findTool(readingToolOf(tool) ?? '')?.effect, tool.name).toBe('read')
  }
})

test('it is about the same thing', () => {
  expect(readingTool('gitlab_issue_create')).toBe('gitlab_issues_list')
  expect(readingTool('gitlab_issue_update')).toBe('gitlab_issue_get')
  expect(readingTool('gitlab_issue_note_create')).toBe('gitlab_issue_notes_list')
  expect(readingTool('gitlab_merge_request_merge')).toBe('gitlab_merge_request_get')
  expect(readingTool('gitlab_pipeline_create')).toBe('gitlab_pipelines_list')
  expect(readingTool('gitlab_group_member_remove')).toBe('gitlab_group_members_list')
  expect(readingTool('github_pull_request_create')).toBe('github_pull_requests_list')
})
