/** Pages of an app that follow their user's connections, through each framework's own server. */
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { type DocumentedApp, startDocumented } from './support/documented-apps.ts'
import { createStage, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

let stage: Stage
beforeAll(async () => {
  stage = await createStage(await openEmbedded())
})
afterAll(() => stage?.stop())

/** As a page does; `next` resolves with what comes next. */
async function follow({ port }: DocumentedApp) {
  const leaving = new AbortController()
  const response = await fetch(`http://127.0.0.1:${port}/api/keywell/connections/events`, {
    headers: {
      cookie: 'user=mira',
      accept: 'text/event-stream',
      'sec-fetch-site': 'same-origin',
    },
    signal: leaving.signal,
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  return {
    status: response.status,
    next: async () => (await reader?.read())?.value,
    leave: () => leaving.abort(),
  }
}

verifies.each('sdk:page-follows-anywhere', Object.keys(startDocumented), async (name) => {
  const tenantId = `ten_${name.replace(':', '_')}`
  const start = startDocumented[name as keyof typeof startDocumented]
  const app = await start({ url: stage.url, apiKey: stage.apiKey, tenantId })
  try {
    const page = await follow(app)
    expect(await page.next()).toBe('data: {}\n\n')
    await stage.connect({ who: { tenantId, userId: 'mira' } })
    expect(await page.next()).toBe('data: {}\n\n')
    // A window that is closed gives its place back: more come and go than one user may have at once.
    page.leave()
    for (let visits = 0; visits < 20; visits += 1) {
      await until('there is a place', async () => {
        const visit = await follow(app)
        visit.leave()
        return visit.status === 200
      })
    }
  } finally {
    await app.stop()
  }
})
