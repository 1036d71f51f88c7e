/** The comparison of the documentation names routes that are there. */
import { readFileSync } from 'node:fs'
import type { Problem } from '@keywell/protocol'
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { sectionOf, spansIn, tableRows } from './support/markdown.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const page = readFileSync(new URL('../apps/docs/reference/http-api.md', import.meta.url), 'utf8')
const named = tableRows(sectionOf(page, 'Compared with Authpipe')).flatMap(([, here = '']) =>
  spansIn(here),
)

/** An id of each kind that was never made. */
const ids: Readonly<Record<string, string>> = {
  connectionId: `con_${'0'.repeat(26)}`,
  sessionId: `ses_${'0'.repeat(26)}`,
  flowId: `flo_${'0'.repeat(26)}`,
  integrationId: `int_${'0'.repeat(26)}`,
  webhookId: `whk_${'0'.repeat(26)}`,
  apiKeyId: `key_${'0'.repeat(26)}`,
  tenantId: 'ten_parity',
  name: 'gitlab',
}

let stage: Stage
beforeAll(async () => {
  stage = await createStage(await openEmbedded(), { role: 'serve' })
})
afterAll(() => stage.stop())

verifies('api:parity', async () => {
  type Description = { paths: Record<string, Record<string, object>> }
  const { paths } = must(await stage.call<Description>('GET', '/openapi.json'), 200)
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(named.length).toBeGreaterThan(30)
  expect(new Set(named).size).toBe(named.length)
  for (const route of named) {
    const template = route.replaceAll(/:(\w+)/g, '{$1}')
    expect(described, route).toContain(template)
    const [method = '', path = ''] = template.split(' ')
    const at = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '')
    const body = method === 'GET' || method === 'DELETE' ? undefined : {}
    const answer = await stage.call<Problem>(method, at, body)
    // Whatever it says of an empty request, its own handler says so.
    expect(answer.status, `${route}: ${JSON.stringify(answer.body)}`).toBeLessThan(500)
    expect(answer.body.detail ?? '', route).not.toContain('no such route')
  }
  expect((await stage.call<Problem>('GET', '/v1/nowhere')).body.detail).toContain('no such route')
})
