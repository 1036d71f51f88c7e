import { expect, test } from 'vitest'
import { AnswerError } from '../index.ts'
import { draftTitle } from './draft-title.ts'

test.each([
  [{ title: 'Fix login', draft: true }, 'Draft: Fix login'],
  [{ title: 'Draft: Fix login', draft: true }, 'Draft: Fix login'],
  [{ title: '[DRAFT] (draft) Fix login', draft: false }, 'Fix login'],
  [{ title: 'Drafts: a page', draft: false }, 'Drafts: a page'],
  [{ title: 'Draft: Fix login' }, 'Draft: Fix login'],
])('%o has the title %s', (given, title) => {
  expect(draftTitle.needsTarget(given)).toBe(false)
  expect(draftTitle.prepare(given, undefined)).toEqual({ ...given, title })
})

test('without a title, the one that it has is marked', () => {
  const given = { merge_request_iid: 3, draft: false }
  expect(draftTitle.needsTarget(given)).toBe(true)
  expect(draftTitle.prepare(given, { title: 'Draft: Fix login' })).toMatchObject({
    title: 'Fix login',
  })
  expect(() => draftTitle.prepare(given, { id: 7 })).toThrow(AnswerError)
})

test('a change that says nothing of drafts stays as it is', () => {
  const given = { labels: 'bug' }
  expect(draftTitle.needsTarget(given)).toBe(false)
  expect(draftTitle.prepare(given, undefined)).toBe(given)
})
