import type { KeywellError } from '@keywell/protocol'
import { html } from 'hono/html'
import { type Html, inEnglish, type Look, page } from './frame.ts'

/** What a browser sees when there is nowhere to send it. The words are ours, all of them. */
export function problemPage(
  look: Look,
  error: KeywellError,
  { requestId, of }: { requestId: string; of: 'flow' | 'link' },
): Html {
  const { texts } = look
  return page(look, {
    title: texts.problem[of],
    body: html`<h1>${texts.problem[of]}</h1>
      ${sentencesOf(look, error)}
      <p>${texts.problem.close}</p>
      <footer>${error.code} · ${requestId}</footer>`,
  })
}

/** What happened, and the next step. */
export function sentencesOf(
  { texts }: Look,
  { code, detail, nextStep }: Pick<KeywellError, 'code' | 'detail' | 'nextStep'>,
): Html {
  const own = texts.problems[code]
  if (own !== undefined) return html`<p>${own}</p>`
  return html`<p>${inEnglish(texts, detail)}</p>
    <p>${inEnglish(texts, nextStep)}</p>`
}
