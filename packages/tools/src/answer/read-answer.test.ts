import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { AnswerError, type AnswerOptions, findTool, readAnswer } from '../index.ts'

const open: AnswerOptions = { maxBytes: 1_048_576, reveals: false, secrets: [] }
const encoder = new TextEncoder()

interface Given {
  body?: unknown
  headers?: Record<string, string>
  args?: Record<string, unknown>
  options?: Partial<AnswerOptions>
}

function answerOf(name: string, { body = '', headers = {}, args = {}, options = {} }: Given) {
  const tool = findTool(name)
  if (tool === undefined) throw new Error(`There is no tool ${name}.`)
  const bytes =
    body instanceof Uint8Array
      ? body
      : encoder.encode(typeof body === 'string' ? body : JSON.stringify(body))
  const answer = { status: 200, headers: new Headers(headers), body: bytes }
  return readAnswer(tool, args, answer, { ...open, ...options })
}

const log = (text: string | Uint8Array, args: Record<string, unknown> = {}) =>
  answerOf('gitlab_job_log_get', { body: text, args }).data as {
    content: string
    truncated: boolean
    byte_count: number
  }

test('a list has its next page and its total, where the provider says them', () => {
  const list = (headers: Record<string, string>) =>
    answerOf('gitlab_issues_list', { body: [{ iid: 1 }], headers })
  expect(list({ 'x-next-page': '3', 'x-total': '41' })).toEqual({
    data: [{ iid: 1 }],
    nextPage: 3,
    total: 41,
  })
  expect(list({ 'x-next-page': '' })).toEqual({ data: [{ iid: 1 }] })
  const link =
    '<https://gitlab.example/api/v4/projects?page=1>; rel="first", <https://gitlab.example/api/v4/projects?per_page=20&page=4>; rel="next"'
  expect(list({ link })).toEqual({ data: [{ iid: 1 }], nextPage: 4 })
})

test('an answer of another form than its operation has is not handed on', () => {
  expect(() => answerOf('gitlab_issues_list', { body: { message: 'x' } })).toThrow(AnswerError)
  expect(() => answerOf('gitlab_issue_get', { body: [] })).toThrow(AnswerError)
  expect(() => answerOf('gitlab_issue_get', { body: '<html>' })).toThrow(/not JSON/)
})

test('an answer without a body says that it was done', () => {
  expect(answerOf('gitlab_issue_delete', {})).toEqual({ data: { ok: true } })
  expect(answerOf('gitlab_project_delete', { body: { message: '202 Accepted' } })).toEqual({
    data: { message: '202 Accepted' },
  })
})

verifies.suite('tools:log', () => {
  test('colours and marks of sections are left out, and the size is that of the log as it came', () => {
    const raw =
      'section_start:1560896352:build[collapsed=true]\r\u001b[0K\u001b[32;1m$ make\u001b[0;m\nok\nsection_end:1560896353:build\r\u001b[0K'
    expect(log(raw)).toEqual({
      content: '$ make\nok\n',
      truncated: false,
      byte_count: raw.length,
      kept: 'end',
    })
    expect(log('')).toEqual({ content: '', truncated: false, byte_count: 0, kept: 'end' })
  })

  test('a long one keeps its end, or its start, in whole lines', () => {
    const lines = Array.from({ length: 1_000 }, (_, n) => `line ${n} 🙂`).join('\n')
    const end = log(lines, { max_bytes: 1_024 })
    expect(end).toMatchObject({ truncated: true, byte_count: encoder.encode(lines).length })
    expect(end.content.split('\n')[0]).toMatch(/^line \d+ 🙂$/)
    expect(end.content.endsWith('line 999 🙂')).toBe(true)
    const start = log(lines, { max_bytes: 1_024, keep: 'start' })
    expect(start.content.startsWith('line 0 🙂\n')).toBe(true)
    expect(start.content.endsWith('🙂\n')).toBe(true)
  })

  test('no cut is longer than was asked for, or inside a character', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', 'ä', '€', '🙂', '\n'),
      minLength: 1_000,
      maxLength: 1_400,
    })
    fc.assert(
      fc.property(
        texts,
        fc.constantFrom('start', 'end'),
        fc.integer({ min: 1_024, max: 1_100 }),
        (text, keep, max) => {
          const { content } = log(text, { keep, max_bytes: max })
          expect(encoder.encode(content).length).toBeLessThanOrEqual(max)
          expect(content).not.toContain('\ufffd')
          expect(keep === 'start' ? text.startsWith(content) : text.endsWith(content)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })
})

verifies.suite('tools:file', () => {
  const file = (content: Uint8Array, more: object = {}) => ({
    file_path: 'a',
    encoding: 'base64',
    content: Buffer.from(content).toString('base64'),
    content_sha256: createHash('sha256').update(content).digest('hex'),
    last_commit_id: 'abc',
    ...more,
  })
  const read = (body: object, args: Record<string, unknown> = {}) =>
    answerOf('gitlab_file_get', { body, args })

  test('text is readable, with what an update needs', () => {
    expect(read(file(encoder.encode('grüß 🙂\n')))).toMatchObject({
      data: { content: 'grüß 🙂\n', encoding: 'text', last_commit_id: 'abc' },
    })
  })

  test.each([
    ['a NUL', Uint8Array.of(97, 0, 98)],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe, 97)],
  ])('what is not text stays as it is: %s', (_, bytes) => {
    const whole = file(bytes)
    expect(read(whole).data).toEqual(whole)
  })

  test('a long one is cut, and says so', () => {
    const { data, truncated } = read(file(encoder.encode('🙂'.repeat(1_000))), { max_bytes: 1_025 })
    expect(truncated).toBe(true)
    expect(data).toMatchObject({ content: '🙂'.repeat(256), truncated: true })
  })

  test('content that is not what its checksum is of is refused', () => {
    expect(() => read(file(encoder.encode('a'), { content_sha256: '0'.repeat(64) }))).toThrow(
      /checksum/,
    )
  })
})

verifies.suite('tools:archive', () => {
  const archive = (bytes: number, args = {}) =>
    answerOf('gitlab_job_artifacts_download', {
      body: new Uint8Array(bytes),
      args,
      headers: {
        'content-type': 'application/zip',
        'content-disposition': 'attachment; filename="artifacts.zip"',
      },
    })

  test('comes in Base64 with its name, type and size', () => {
    expect(archive(3).data).toEqual({
      content_base64: 'AAAA',
      file_name: 'artifacts.zip',
      content_type: 'application/zip',
      byte_count: 3,
    })
  })

  test('a larger one than was asked for is refused with its size', () => {
    expect(archive(1_024, { max_bytes: 1_024 }).data).toMatchObject({ byte_count: 1_024 })
    expect(() => archive(1_025, { max_bytes: 1_024 })).toThrow(/1025 bytes/)
  })
})

verifies('tools:withheld', () => {
  const variable = { key: 'TOKEN', value: 'hunter2', masked: true }
  const shown = (options: Partial<AnswerOptions> = {}) =>
    answerOf('gitlab_project_variables_list', {
      body: [variable, { key: 'H', value: null }],
      options,
    }).data
  expect(shown()).toEqual([
    { key: 'TOKEN', value: '[redacted]', value_redacted: true, masked: true },
    { key: 'H', value: null },
  ])
  expect(shown({ reveals: true })).toEqual([variable, { key: 'H', value: null }])
  for (const name of [
    'gitlab_project_variable_get',
    'gitlab_project_variable_create',
    'gitlab_project_variable_update',
  ]) {
    expect(JSON.stringify(answerOf(name, { body: variable }))).not.toContain('hunter2')
  }
  const project = {
    id: 1,
    runners_token: 'GR1348941',
    import_url: 'https://me:hunter2@git.example/a.git',
  }
  expect(
    answerOf('gitlab_project_get', { body: project, options: { reveals: true } }).data,
  ).toEqual({
    id: 1,
    runners_token: '[redacted]',
    runners_token_redacted: true,
    import_url: 'https://git.example/a.git',
  })
  // Wherever it stands: in a text, a log, a name of a label.
  const secrets = ['glpat-marked']
  expect(
    answerOf('gitlab_issue_get', {
      body: { description: 'see glpat-marked' },
      options: { secrets },
    }).data,
  ).toEqual({
    description: 'see [redacted]',
  })
  const imported = { import_url: 'https://git.example/a.git?token=glpat-marked' }
  const withUrl = answerOf('gitlab_project_get', { body: imported, options: { secrets } })
  expect(JSON.stringify(withUrl)).not.toContain('glpat-marked')
  // Before it is cut, so that no half of it is left.
  const text = `${'x'.repeat(1_100)}glpat-marked${'y'.repeat(1_018)}`
  const inLog = answerOf('gitlab_job_log_get', {
    body: text,
    args: { max_bytes: 1_024 },
    options: { secrets },
  })
  expect(JSON.stringify(inLog.data)).not.toContain('marked')
  const content = Buffer.from('key: glpat-marked').toString('base64')
  const inFile = answerOf('gitlab_file_get', {
    body: { encoding: 'base64', content },
    options: { secrets },
  })
  expect(inFile.data).toMatchObject({ content: 'key: [redacted]' })
})

verifies('tools:bounded', () => {
  const maxBytes = 20_000
  const diffs = [{ diff: 'x'.repeat(15_000) }, { diff: 'y'.repeat(15_000) }]
  const cut = answerOf('gitlab_merge_request_diff_get', { body: diffs, options: { maxBytes } })
  expect(cut).toMatchObject({
    truncated: true,
    warnings: [expect.stringMatching(/Long texts were cut/)],
  })
  expect((cut.data as { diff: string }[]).map(({ diff }) => diff.endsWith('[cut]'))).toEqual([
    true,
    true,
  ])

  const many = Array.from({ length: 1_000 }, (_, iid) => ({ iid, title: 'x'.repeat(50) }))
  const some = answerOf('gitlab_issues_list', { body: many, options: { maxBytes } })
  const kept = some.data as { iid: number }[]
  expect(kept.map(({ iid }) => iid)).toEqual(kept.map((_, at) => at))
  expect(encoder.encode(JSON.stringify(kept)).length).toBeLessThanOrEqual(maxBytes)
  expect(some.warnings?.[1]).toBe(
    `${1_000 - kept.length} of 1000 items are left out. Ask for fewer on a page.`,
  )

  const huge = { labels: Array.from({ length: 3_000 }, () => 'ein Schildchen für Ö') }
  expect(() => answerOf('gitlab_issue_get', { body: huge, options: { maxBytes } })).toThrow(
    `${encoder.encode(JSON.stringify(huge)).length} bytes`,
  )
})
