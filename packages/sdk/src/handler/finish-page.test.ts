import { expect, test } from 'vitest'
import { finishPage } from './finish-page.ts'

test('nothing that is shown or sent can end its element', async () => {
  const evil = '</script><script>alert(1)</script>'
  const page = finishPage({
    status: 200,
    language: 'en',
    outcome: { name: 'failed', error: { code: 'internal', message: `"${evil}&` } },
    message: { flowId: evil, status: 'failed' },
  })
  const html = await page.text()
  expect(html.match(/<script/g)).toHaveLength(1)
  expect(html.match(/<\/script/g)).toHaveLength(1)
  expect(html).toContain('&quot;&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;')
})

test.each([
  ['', 'en', 'Not connected', 'You said no'],
  ['de', 'de', 'Nicht verbunden', 'Sie haben beim Anbieter abgelehnt'],
  ['fr, de-AT;q=0.8, en;q=0.5', 'de', 'Nicht verbunden', 'Es wurde nichts gespeichert'],
  ['de;q=0.2, en-GB', 'en', 'Not connected', 'Nothing was stored'],
  ['de;q=0', 'en', 'Not connected', 'You can close this window'],
])('a reader of "%s" reads %s', async (language, lang, heading, sentence) => {
  const page = finishPage({ status: 200, language, outcome: { name: 'denied' }, message: null })
  const html = await page.text()
  expect(html).toContain(`<html lang="${lang}">`)
  expect(html).toContain(`<h1>${heading}</h1>`)
  expect(html).toContain(sentence)
  expect(page.headers.get('vary')).toBe('Accept-Language')
})

test('an error is said in German with its next step, and in its own words below', async () => {
  const error = { code: 'flow_mismatch', message: 'Another user is signed in.' } as const
  const show = (change: Partial<typeof error> | { code: 'internal' }) =>
    finishPage({
      status: 403,
      language: 'de',
      outcome: { name: 'failed', error: { ...error, ...change } },
      message: null,
    }).text()
  expect(await show({})).toContain('Melden Sie sich mit Ihrem eigenen Konto an')
  expect(await show({})).toContain('<p class="quiet" lang="en">Another user is signed in.</p>')
  expect(await show({ code: 'internal' })).toContain('Bitte versuchen Sie es erneut.')
})

test('its style and its script have the nonce of its policy, and nothing else may load', async () => {
  const page = finishPage({
    status: 200,
    language: 'en',
    outcome: { name: 'confirming' },
    message: null,
  })
  const policy = page.headers.get('content-security-policy') ?? ''
  const [, nonce] = policy.match(/style-src 'nonce-([^']+)'/) ?? []
  const html = await page.text()
  expect(policy).toContain(`default-src 'none'; script-src 'nonce-${nonce}'`)
  expect(html).toContain(`<style nonce="${nonce}">`)
  expect(html).toContain(`<script nonce="${nonce}">`)
  expect(html).not.toMatch(/ style=|url\(|https?:/)
})
