import { Gitlab } from '@gitbeaker/rest'
import { expect, test } from 'vitest'
import { startStage } from '../stage.test.support.ts'

// A client that others have written finds what it expects.
async function start() {
  const stage = await startStage()
  const { accessToken } = await stage.issue(['api'])
  return new Gitlab({ host: stage.url, oauthToken: accessToken })
}

test('a project is made, changed, starred, forked from and deleted by a client from npm', async () => {
  const gitlab = await start()
  const { id } = await gitlab.Projects.create({
    name: 'Night Light',
    initializeWithReadme: true,
  })
  expect(await gitlab.Projects.show('ada/night-light')).toMatchObject({ id })
  const edited = await gitlab.Projects.edit(id, { description: 'It glows', topics: ['hobby'] })
  expect(edited).toMatchObject({ description: 'It glows', topics: ['hobby'] })
  await gitlab.Projects.star(id)
  const starred = await gitlab.Projects.all({ starred: true })
  expect(starred).toMatchObject([{ id, star_count: 1 }])
  const fork = await gitlab.Projects.fork(id, { namespaceId: 62 })
  expect(await gitlab.Projects.allForks(id)).toMatchObject([{ id: fork.id }])
  await gitlab.Projects.remove(id)
})

test('all pages of a list are walked, by number and by cursor', async () => {
  const gitlab = await start()
  const byNumber = await gitlab.Projects.all({ membership: true, perPage: 1 })
  expect(byNumber).toHaveLength(4)
  const byCursor = await gitlab.Projects.all({
    membership: true,
    perPage: 1,
    pagination: 'keyset',
    orderBy: 'id',
    sort: 'asc',
  })
  expect(byCursor.map(({ id }) => id)).toEqual([501, 502, 503, 504])
})

test('a branch, a tag, a file and a comment are made by a client from npm', async () => {
  const gitlab = await start()
  const project = 'lighthouse/webshop'
  await gitlab.Branches.create(project, 'feature/a b', 'main').catch((error: Error) => {
    expect(error.message).toContain('Branch name is invalid')
  })
  await gitlab.Branches.create(project, 'feature/lamp', 'main')
  await gitlab.RepositoryFiles.create(project, 'docs/lamp #1.md', 'feature/lamp', 'Glow', 'Add it')
  const file = await gitlab.RepositoryFiles.show(project, 'docs/lamp #1.md', 'feature/lamp')
  expect(Buffer.from(file.content, 'base64').toString()).toBe('Glow')
  await gitlab.RepositoryFiles.edit(project, file.file_path, 'feature/lamp', 'Glows', 'Change it', {
    lastCommitId: file.last_commit_id,
  })
  const compared = await gitlab.Repositories.compare(project, 'main', 'feature/lamp')
  expect(compared.commits?.map(({ title }) => title)).toEqual(['Add it', 'Change it'])
  await gitlab.Tags.create(project, 'v2', 'feature/lamp')
  expect((await gitlab.Tags.show(project, 'v2')).target).toBe(compared.commit.id)
  await gitlab.Commits.createComment(project, String(compared.commit.id), 'Good.')
  expect(await gitlab.Commits.allComments(project, String(compared.commit.id))).toMatchObject([
    { note: 'Good.' },
  ])
  await gitlab.RepositoryFiles.remove(project, file.file_path, 'feature/lamp', 'Remove it')
  await gitlab.Tags.remove(project, 'v2')
  await gitlab.Branches.remove(project, 'feature/lamp')
  expect((await gitlab.Repositories.allRepositoryTrees(project)).map(({ path }) => path)).toEqual([
    'docs',
    'src',
    'README.md',
  ])
})

test('groups, members, hooks, snippets and searches work for a client from npm', async () => {
  const gitlab = await start()
  const group = await gitlab.Groups.create('Cliffs', 'cliffs', { parentId: 62 })
  expect(group.full_path).toBe('harbour/cliffs')
  await gitlab.GroupMembers.add(group.id, 50, { userId: 102 })
  expect(await gitlab.GroupMembers.all(group.id)).toMatchObject([{ username: 'grace' }])
  const hook = await gitlab.ProjectHooks.add(501, 'https://hooks.example/in', { pushEvents: true })
  expect(await gitlab.ProjectHooks.all(501)).toMatchObject([{ id: hook.id }])
  const snippet = await gitlab.ProjectSnippets.create(501, 'Hello', {
    visibility: 'private',
    files: [{ filePath: 'hi.txt', content: 'Hi' }],
  })
  expect(snippet.files).toMatchObject([{ path: 'hi.txt' }])
  expect(await gitlab.Search.all('issues', 'umlaut', { projectId: 501 })).toHaveLength(1)
  expect(await gitlab.Users.showCurrentUser()).toMatchObject({ username: 'ada' })
})
