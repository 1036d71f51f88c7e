import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { startStage } from '../stage.test.support.ts'
import { clientOf, departures } from './client.test.support.ts'

const repository = '/projects/lighthouse%2Fwebshop/repository'
const encoded = encodeURIComponent

async function start(username = 'ada', scopes = ['api']) {
  const client = await clientOf(await startStage(), { username, scopes })
  return { client }
}

const draft = { branch: 'feature/quiet', commit_message: 'Change it' }

describe('branches', () => {
  test('are listed by name, and found by a part of it, its beginning or its end', async () => {
    const { client } = await start()
    const names = async (query = '') =>
      (await client.list(`${repository}/branches${query}`)).map(({ name }) => name)
    expect(await names()).toEqual(['feature/quiet', 'main'])
    expect(await names('?search=QUI')).toEqual(['feature/quiet'])
    expect(await names(`?search=${encoded('^main')}`)).toEqual(['main'])
    expect(await names(`?search=${encoded('ture$')}`)).toEqual([])
    expect(await names('?sort=updated_desc')).toEqual(['feature/quiet', 'main'])
  })

  test('have what GitLab’s document says', async () => {
    const { client } = await start()
    const { body } = await client.get(`${repository}/branches/main`)
    expect(departures('GET /projects/{id}/repository/branches/{branch}', body)).toEqual([])
    expect(body).toMatchObject({ name: 'main', default: true, protected: true, can_push: true })
  })

  test('a slash in a name is encoded; an unknown one is 404 with its noun', async () => {
    const { client } = await start()
    const { body } = await client.get(`${repository}/branches/${encoded('feature/quiet')}`)
    expect(body).toMatchObject({ name: 'feature/quiet', merged: false })
    expect(await client.get(`${repository}/branches/feature/quiet`)).toMatchObject({ status: 404 })
    expect(await client.get(`${repository}/branches/none`)).toMatchObject({
      status: 404,
      body: { message: '404 Branch Not Found' },
    })
  })

  test('are made of a branch, a tag or a SHA, and are gone when deleted', async () => {
    const { client } = await start()
    const { body } = await client.get(`${repository}/branches/main`)
    const { id } = body.commit as { id: string }
    for (const ref of ['main', 'v1.0.0', id.slice(0, 8)]) {
      const name = `try/${ref}`
      const made = await client.post(`${repository}/branches`, { branch: name, ref })
      expect(made).toMatchObject({ status: 201, body: { name } })
      const gone = await client.delete(`${repository}/branches/${encoded(name)}`)
      expect([gone.status, gone.text]).toEqual([204, ''])
      expect((await client.get(`${repository}/branches/${encoded(name)}`)).status).toBe(404)
    }
  })

  test.each([
    [{}, { error: 'branch is missing, ref is missing' }],
    [{ branch: 'x', ref: '' }, { error: 'ref is empty' }],
    [{ branch: 'main', ref: 'main' }, { message: 'Branch already exists' }],
    [{ branch: 'x', ref: 'none' }, { message: 'Invalid reference name: x' }],
    [{ branch: 'x y', ref: 'main' }, { message: 'Branch name is invalid' }],
    [{ branch: 'x..y', ref: 'main' }, { message: 'Branch name is invalid' }],
  ])('a new one of %j is 400 %j', async (body, answer) => {
    const { client } = await start()
    expect(await client.post(`${repository}/branches`, body)).toMatchObject({
      status: 400,
      body: answer,
    })
  })

  test('the default one stays', async () => {
    const { client } = await start()
    const { status, body } = await client.delete(`${repository}/branches/main`)
    expect([status, body.message]).toEqual([
      400,
      'The default branch of a project cannot be deleted.',
    ])
  })
})

describe('tags', () => {
  test('are made, found, listed and deleted', async () => {
    const { client } = await start()
    const made = await client.post(`${repository}/tags`, {
      tag_name: 'v2/rc',
      ref: 'main',
      message: 'Nearly',
    })
    expect(made).toMatchObject({ status: 201, body: { name: 'v2/rc', message: 'Nearly' } })
    expect(departures('POST /projects/{id}/repository/tags', made.body)).toEqual([])
    const rows = await client.list(`${repository}/tags`)
    expect(rows.map(({ name }) => name)).toEqual(['v2/rc', 'v1.0.0'])
    const path = `${repository}/tags/${encoded('v2/rc')}`
    expect((await client.get(path)).body.target).toBe(made.body.target)
    expect((await client.delete(path)).status).toBe(204)
    expect(await client.get(path)).toMatchObject({
      status: 404,
      body: { message: '404 Tag Not Found' },
    })
  })

  test.each([
    [{ ref: 'main' }, { error: 'tag_name is missing' }],
    [{ tag_name: 'v1.0.0', ref: 'main' }, { message: 'Tag v1.0.0 already exists' }],
    [{ tag_name: 'v3', ref: 'none' }, { message: 'Target none is invalid' }],
    [{ tag_name: 'v 3', ref: 'main' }, { message: 'Tag name invalid' }],
  ])('a new one of %j is 400 %j', async (body, answer) => {
    const { client } = await start()
    expect(await client.post(`${repository}/tags`, body)).toMatchObject({
      status: 400,
      body: answer,
    })
  })
})

describe('commits', () => {
  test('are listed newest first, of a ref, a path and an author', async () => {
    const { client } = await start()
    const titles = async (query = '') =>
      (await client.list(`${repository}/commits${query}`)).map(({ title }) => title)
    const main = ['Say how to start it', 'Add the entry point', 'Initial commit']
    expect(await titles()).toEqual(main)
    expect(await titles('?ref_name=feature/quiet')).toEqual(['Start without a word', ...main])
    expect(await titles('?path=src')).toEqual(['Add the entry point'])
    expect(await titles('?author=Nobody')).toEqual([])
    expect(await titles('?all=true')).toHaveLength(4)
    expect(await titles('?since=2026-01-15T00:00:00%2B01:00')).toEqual(['Say how to start it'])
  })

  test('one has its numbers, and what GitLab’s document says', async () => {
    const { client } = await start()
    const { body } = await client.get(`${repository}/commits/${encoded('feature/quiet')}`)
    expect(departures('GET /projects/{id}/repository/commits/{sha}', body)).toEqual([])
    expect(body).toMatchObject({
      title: 'Start without a word',
      author_name: 'Ada Okafor',
      stats: { additions: 1, deletions: 3, total: 4 },
    })
    expect(await client.get(`${repository}/commits/0000000`)).toMatchObject({
      status: 404,
      body: { message: '404 Commit Not Found' },
    })
  })

  test('its diff is a patch for each file', async () => {
    const { client } = await start()
    const diffs = await client.list(`${repository}/commits/${encoded('feature/quiet')}/diff`)
    expect(departures('GET /projects/{id}/repository/commits/{sha}/diff', diffs)).toEqual([])
    expect(diffs).toMatchObject([{ new_path: 'src/start.ts', new_file: false }])
    expect(diffs[0]?.diff).toBe(
      [
        '@@ -1,3 +1 @@',
        '-export function start(): void {',
        "-  console.log('Webshop')",
        '-}',
        '+export function start(): void {}',
        '',
      ].join('\n'),
    )
  })

  test('comments are made on the whole and on a line', async () => {
    const { client } = await start()
    const path = `${repository}/commits/main/comments`
    const whole = await client.post(path, { note: 'Good.' })
    expect(whole).toMatchObject({ status: 201, body: { note: 'Good.', path: null } })
    const line = { note: 'Here?', path: 'docs/how-to.md', line: 3, line_type: 'new' }
    expect(await client.post(path, line)).toMatchObject({ status: 201, body: line })
    const rows = await client.list(path)
    expect(rows.map(({ note }) => note)).toEqual(['Good.', 'Here?'])
    expect(departures('GET /projects/{id}/repository/commits/{sha}/comments', rows)).toEqual([])
    expect(await client.post(path, {})).toMatchObject({
      status: 400,
      body: { error: 'note is missing' },
    })
    expect(await client.post(path, { note: 'x', path: 'README.md' })).toMatchObject({
      status: 400,
      body: { error: 'line is missing' },
    })
    expect(await client.post(path, { ...line, line_type: 'both' })).toMatchObject({
      status: 400,
      body: { error: 'line_type does not have a valid value' },
    })
  })

  test('two refs are compared from where they parted', async () => {
    const { client } = await start()
    const query = `from=main&to=${encoded('feature/quiet')}`
    const { body } = await client.get(`${repository}/compare?${query}`)
    expect(departures('GET /projects/{id}/repository/compare', body)).toEqual([])
    expect(body).toMatchObject({
      commits: [{ title: 'Start without a word' }],
      diffs: [{ new_path: 'src/start.ts' }],
      compare_same_ref: false,
    })
    expect(await client.get(`${repository}/compare?from=main&to=none`)).toMatchObject({
      status: 404,
      body: { message: '404 Ref Not Found' },
    })
    expect((await client.get(`${repository}/compare?from=main`)).body).toEqual({
      error: 'to is missing',
    })
  })
})

describe('files', () => {
  const readme = `${repository}/files/README.md`

  test('one comes in Base64, with its hash and its last commit', async () => {
    const { client } = await start()
    const { body, headers } = await client.get(`${readme}?ref=main`)
    const text = Buffer.from(String(body.content), 'base64').toString()
    expect(text).toMatch(/^# Webshop\n/)
    expect(body).toMatchObject({
      encoding: 'base64',
      size: Buffer.byteLength(text),
      content_sha256: createHash('sha256').update(text).digest('hex'),
    })
    const commits = await client.list(`${repository}/commits?path=README.md`)
    expect(body.last_commit_id).toBe(commits[0]?.id)
    expect(headers.get('x-gitlab-blob-id')).toBe(body.blob_id)
  })

  test('read_repository opens it, and nothing else of the repository', async () => {
    const { client } = await start('ada', ['read_repository'])
    expect((await client.get(`${readme}?ref=HEAD`)).status).toBe(200)
    expect(await client.get(`${repository}/tree`)).toMatchObject({
      status: 403,
      body: { scope: 'api read_api' },
    })
    expect(await client.put(readme, { ...draft, content: 'x' })).toMatchObject({
      status: 403,
      body: { scope: 'api' },
    })
  })

  test('what is absent is named: the ref, the commit, the file', async () => {
    const { client } = await start()
    expect((await client.get(readme)).body).toEqual({ error: 'ref is missing' })
    expect((await client.get(`${readme}?ref=none`)).body).toEqual({
      message: '404 Commit Not Found',
    })
    expect((await client.get(`${repository}/files/none?ref=main`)).body).toEqual({
      message: '404 File Not Found',
    })
  })

  test.each(['a b/ç#?.md', '100%/50%25.txt', 'dir/…/🗼.md', '+plus+.md', '.hidden'])(
    'a path comes back as it was sent: %s',
    async (path) => {
      const { client } = await start()
      const at = `${repository}/files/${encoded(path)}`
      const made = await client.post(at, { ...draft, content: 'Hello' })
      expect(made).toMatchObject({
        status: 201,
        body: { file_path: path, branch: 'feature/quiet' },
      })
      const found = await client.get(`${at}?ref=${encoded('feature/quiet')}`)
      expect(found.body).toMatchObject({ file_path: path, content: 'SGVsbG8=' })
    },
  )

  test('a change makes a commit on its branch, or on a new one', async () => {
    const { client } = await start()
    const body = { ...draft, content: 'SGk=', encoding: 'base64' }
    expect(await client.put(readme, body)).toMatchObject({
      status: 200,
      body: { file_path: 'README.md', branch: 'feature/quiet' },
    })
    const [commit] = await client.list(`${repository}/commits?ref_name=feature/quiet`)
    expect(commit).toMatchObject({ title: 'Change it', author_email: 'ada@example.test' })
    const other = { ...body, branch: 'other', start_branch: 'main' }
    expect((await client.put(readme, other)).status).toBe(200)
    const found = await client.get(`${readme}?ref=other`)
    expect(found.body.content).toBe('SGk=')
  })

  test('a stale last_commit_id is 400 on an update; a deletion does not look at it', async () => {
    const { client } = await start()
    const { body } = await client.get(`${readme}?ref=feature/quiet`)
    const wish = { ...draft, content: 'one', last_commit_id: body.last_commit_id }
    expect((await client.put(readme, wish)).status).toBe(200)
    expect(await client.put(readme, { ...wish, content: 'two' })).toMatchObject({
      status: 400,
      body: {
        message:
          'You are attempting to update a file that has changed since you started editing it.',
      },
    })
    const query = new URLSearchParams({ ...draft, last_commit_id: String(wish.last_commit_id) })
    expect((await client.delete(`${readme}?${query}`)).status).toBe(204)
    expect((await client.get(`${readme}?ref=feature/quiet`)).status).toBe(404)
  })

  test('what cannot be written says why', async () => {
    const { client } = await start()
    const body = { ...draft, content: 'x' }
    const message = async (answer: Promise<{ status: number; body: Record<string, unknown> }>) => {
      const { status, body } = await answer
      return [status, body.message ?? body.error]
    }
    expect(await message(client.post(readme, body))).toEqual([
      400,
      'A file with this name already exists',
    ])
    expect(await message(client.put(`${repository}/files/none`, body))).toEqual([
      400,
      "A file with this name doesn't exist",
    ])
    expect(await message(client.post(`${repository}/files/x`, {}))).toEqual([
      400,
      'branch is missing, commit_message is missing, content is missing',
    ])
    expect(await message(client.put(readme, { ...body, branch: 'none' }))).toEqual([
      400,
      'You can only create or edit files when you are on a branch',
    ])
  })

  test('a developer may not push to a protected branch', async () => {
    const { client } = await start('grace')
    expect(await client.put(readme, { ...draft, branch: 'main', content: 'x' })).toMatchObject({
      status: 400,
      body: { message: 'You are not allowed to push into this branch' },
    })
    expect((await client.put(readme, { ...draft, content: 'x' })).status).toBe(200)
  })

  test('a reader may not write', async () => {
    const { client } = await start('lin')
    const handbook = '/projects/lighthouse%2Fhandbook/repository'
    const at = `${handbook}/files/README.md`
    expect((await client.get(`${at}?ref=main`)).status).toBe(200)
    expect(await client.put(at, { ...draft, content: 'x' })).toMatchObject({
      status: 403,
      body: { message: '403 Forbidden' },
    })
  })
})

describe('the tree', () => {
  test('lists folders first, below a path, and whole', async () => {
    const { client } = await start()
    const paths = async (query = '') =>
      (await client.list(`${repository}/tree${query}`)).map(({ path }) => path)
    expect(await paths()).toEqual(['docs', 'src', 'README.md'])
    expect(await paths('?path=src')).toEqual(['src/index.ts', 'src/start.ts'])
    expect(await paths('?recursive=true')).toHaveLength(6)
    const rows = await client.list(`${repository}/tree`)
    expect(departures('GET /projects/{id}/repository/tree', rows)).toEqual([])
  })

  test('keyset pages lead on by a link alone', async () => {
    const { client } = await start()
    const query = '?pagination=keyset&per_page=2'
    const first = await client.get(`${repository}/tree${query}`)
    expect([first.headers.has('x-total'), first.headers.has('x-next-page')]).toEqual([false, false])
    const next = /<([^>]*)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    const rest = await client.get(`${repository}/tree${new URL(next).search}`)
    const rows: { path: string }[] = JSON.parse(rest.text)
    expect(rows.map(({ path }) => path)).toEqual(['README.md'])
    expect(rest.headers.has('link')).toBe(false)
  })

  test('an unknown ref or path is 404', async () => {
    const { client } = await start()
    expect((await client.get(`${repository}/tree?ref=none`)).body).toEqual({
      message: '404 Tree Not Found',
    })
    expect((await client.get(`${repository}/tree?path=none`)).body).toEqual({
      message: '404 invalid revision or path Not Found',
    })
  })
})
