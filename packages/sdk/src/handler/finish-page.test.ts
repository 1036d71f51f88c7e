import { expect, test } from 'vitest'
import { finishPage } from './finish-page.ts'

test('nothing that is shown or sent can end its element', async () => {
  const evil = '</script><script>alert(1)</script>'
  const page = finishPage({
    status: 200,
    heading: evil,
    sentence: `"${evil}&`,
    message: { flowId: evil, status: 'failed' },
  })
  const html = await page.text()
  expect(html.match(/<script/g)).toHaveLength(1)
  expect(html.match(/<\/script/g)).toHaveLength(1)
  expect(html).toContain('&quot;&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;')
})
