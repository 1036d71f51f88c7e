import { expect } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { viewAnswer } from './provider-answer.ts'

verifies('requests:no-echo', () => {
  const secret = 'a/secret"=='
  const answerOf = (body: string, type = 'application/json') => ({
    status: 200,
    headers: new Headers({ 'content-type': type, link: `<https://x/?t=${secret}>` }),
    body: new TextEncoder().encode(body),
    isCut: false,
    hasLeft: false,
    generation: 1,
    secrets: [secret],
  })
  // As JSON may be written: its slash, its quotation mark, or all of it escaped.
  const all = [...secret].map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
  for (const written of ['a/secret\\"==', 'a\\/secret\\"==', all.join('')]) {
    const view = viewAnswer(answerOf(`{"all":["Basic ${written}"],"n":1}`))
    expect(view.body).toEqual({ all: ['Basic [withheld]'], n: 1 })
    expect(view.headers.link).toBe('<https://x/?t=[withheld]>')
  }
  expect(viewAnswer(answerOf(`is ${secret}`, 'text/plain')).body).toBe('is [withheld]')
})
