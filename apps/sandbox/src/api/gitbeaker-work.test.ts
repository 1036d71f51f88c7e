/** Issues, merge requests and pipelines by a client that others have written for GitLab. */
import { Gitlab } from '@gitbeaker/rest'
import { expect, test } from 'vitest'
import { type ApiStage, startApi } from './caller.test.support.ts'

async function start(): Promise<{ stage: ApiStage; client: InstanceType<typeof Gitlab> }> {
  const stage = await startApi()
  const { accessToken } = await stage.issue(['api'])
  return { stage, client: new Gitlab({ host: stage.url, oauthToken: accessToken }) }
}

const project = 'lighthouse/webshop'

test('plans: issues, comments, labels, milestones', async () => {
  const { client } = await start()
  const milestone = await client.ProjectMilestones.create(project, 'Summer')
  const issue = await client.Issues.create(project, 'Lamp is out', {
    labels: 'night',
    milestoneId: milestone.id,
  })
  expect(issue).toMatchObject({ labels: ['night'], milestone: { title: 'Summer' } })
  await client.IssueNotes.create(project, issue.iid, 'It was on yesterday.')
  expect(await client.IssueNotes.all(project, issue.iid)).toHaveLength(1)
  const closed = await client.Issues.edit(project, issue.iid, { stateEvent: 'close' })
  expect(closed.state).toBe('closed')
  // Page by page, to the end.
  expect(await client.Issues.all({ projectId: project, perPage: 10 })).toHaveLength(25)
  await client.ProjectLabels.create(project, 'day', '#ffcc00')
  expect((await client.ProjectLabels.all(project)).map(({ name }) => name)).toContain('day')
})

test('merges: requests, changes, approvals', async () => {
  const { client } = await start()
  const [open] = await client.MergeRequests.all({ projectId: project, state: 'opened' })
  const iid = open?.iid ?? 0
  const diffs = await client.MergeRequests.allDiffs(project, iid)
  expect(diffs.map(({ new_path }) => new_path)).toEqual(['src/start.ts'])
  await expect(client.MergeRequestApprovals.approve(project, iid)).rejects.toThrow('401')
  const merged = await client.MergeRequests.merge(project, iid, { sha: open?.sha ?? '' })
  expect(merged.state).toBe('merged')
})

test('builds: pipelines, logs, variables, releases', async () => {
  const { client } = await start()
  await client.ProjectVariables.create(project, 'LEVEL', '3')
  expect(await client.ProjectVariables.show(project, 'LEVEL')).toMatchObject({ value: '3' })
  const pipeline = await client.Pipelines.create(project, 'main')
  const jobs = await client.Jobs.all(project, { pipelineId: pipeline.id })
  expect(jobs.map(({ name }) => name)).toEqual(['deploy', 'unit tests', 'compile'])
  const [failed] = await client.Jobs.all(project, { scope: 'failed' })
  expect(await client.Jobs.showLog(project, failed?.id ?? 0)).toContain('exit code 1')
  const release = await client.ProjectReleases.create(project, { tagName: 'v2', ref: 'main' })
  expect(release.tag_name).toBe('v2')
})
