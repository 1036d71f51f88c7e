/** The page of the service where a person approves a call, in a real browser: from the app's login to the decision. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isKeywellError, Keywell } from '@keywell/sdk'
import { toNodeHandler } from '@keywell/sdk/node'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { openEmbedded } from '../support/databases.ts'
import { expectTidyPage } from '../support/hosted-page.ts'
import { isFocused, tabTo } from '../support/keyboard.ts'
import { createStage, type Stage } from '../support/stage.ts'
import { verifies } from '../support/verifies.ts'

// axe on each state in eight looks.
vi.setConfig({ testTimeout: 120_000 })

const who = { tenantId: 'ten_browser', userId: 'usr_mira' }

let stage: Stage
let browser: Browser
let app: Server
let keywell: Keywell
let context: BrowserContext | undefined
let complaints: string[] = []
/** Who is signed in at the app. */
let signedIn: typeof who | null = who

beforeAll(async () => {
  app = createServer((request, response) => handler(request, response))
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  const { port } = app.address() as AddressInfo // listening on TCP, hence no string
  const origin = `http://acme.localhost:${port}`
  stage = await createStage(await openEmbedded(), {
    appearance: { name: 'Acme', color: '#0b7285' },
    approvalUrl: `${origin}/api/keywell/approve`,
  })
  keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey, appOrigin: origin })
  const handler = toNodeHandler(keywell, () => signedIn)
  browser = await launchBrowser()
  await stage.connect({
    who,
    session: { scopes: { gitlab: { required: ['api'] } } },
    flow: { scopes: ['api'] },
  })
})
afterAll(async () => {
  await browser?.close()
  app?.close()
  keywell?.close()
  await stage?.stop()
})
afterEach(async () => {
  signedIn = who
  await context?.close()
})

interface Asked {
  approvalId: string
  /** The address that the agent has. */
  approvalUrl: string
}

const call = (approvalId?: string) =>
  keywell.tools.execute(
    'gitlab_issue_delete',
    { project_id: 'lighthouse/webshop', issue_iid: 1 },
    { ...who, agent: 'acme-helper', ...(approvalId && { approvalId }) },
  )

async function ask(): Promise<Asked> {
  try {
    await call()
  } catch (error) {
    if (!isKeywellError(error)) throw error
    const { approvalId = '', approvalUrl = '' } = error.tool ?? {}
    return { approvalId, approvalUrl }
  }
  throw new Error('the call was made')
}

async function open(
  address: string,
  settings: Parameters<Browser['newContext']>[0] = {},
): Promise<Page> {
  await context?.close()
  context = await browser.newContext(settings)
  complaints = []
  context.on('console', (message) => {
    if (/Content Security Policy|Refused/.test(message.text())) complaints.push(message.text())
  })
  const page = await context.newPage()
  await page.goto(address)
  return page
}

const { tenantId } = who
const decideElsewhere = (approvalId: string, decision: 'approve' | 'deny') =>
  keywell.tools.approvals.decide({ tenantId, approvalId, decision, decidedBy: 'usr_boss' })

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

verifies.suite('e2e:approval-page', () => {
  test.each([true, false])(
    'from the address of the agent to the decision, with the keyboard alone; with a script: %s',
    async (javaScriptEnabled) => {
      const { approvalId, approvalUrl } = await ask()
      const page = await open(approvalUrl, { javaScriptEnabled })
      await heading(page, 'An agent waits for your approval').waitFor()
      expect(page.url(), 'no secret in the address').toBe(`${stage.url}/approvals/${approvalId}`)
      const approve = page.getByRole('button', { name: 'Approve this call' })
      expect(await isFocused(approve)).toBe(false)
      await tabTo(page, page.getByRole('button', { name: 'Refuse' }))
      await page.keyboard.press('Enter')
      await heading(page, 'You refused this call').waitFor()
      await expect(call(approvalId)).rejects.toMatchObject({ code: 'approval_denied' })
      expect(complaints).toEqual([])
    },
  )

  test('the page learns by itself that somebody else has decided, and that the call was made', async () => {
    const { approvalId, approvalUrl } = await ask()
    const page = await open(approvalUrl)
    await heading(page, 'An agent waits for your approval').waitFor()
    await decideElsewhere(approvalId, 'approve')
    await heading(page, 'Somebody else approved this call').waitFor()
    await stage.database.query(
      `update approvals set state = 'used' where tenant_id = $1 and id = $2`,
      [who.tenantId, approvalId],
    )
    await heading(page, 'The call was made: somebody else approved it').waitFor()
    expect(complaints).toEqual([])
  })

  test('whom the app has not signed in sees nothing, at either address', async () => {
    const { approvalId, approvalUrl } = await ask()
    signedIn = null
    const page = await open(approvalUrl)
    expect(await page.content()).not.toContain('lighthouse')
    await page.goto(`${stage.url}/approvals/${approvalId}`)
    await heading(page, 'Open this request in the app').waitFor()
    const onward = page.getByRole('link', { name: /^Go on to acme/ })
    expect(await onward.getAttribute('href')).toBe(approvalUrl)
    signedIn = { ...who, userId: 'usr_other' }
    await onward.click()
    await page.getByText('There is no approval').waitFor()
  })

  test('the page is framed by no page', async () => {
    const { approvalId, approvalUrl } = await ask()
    const page = await open(approvalUrl)
    await page.goto(new URL('/', approvalUrl).href)
    await page.evaluate((src) => {
      const frame = document.createElement('iframe')
      frame.src = src
      document.body.append(frame)
    }, `${stage.url}/approvals/${approvalId}`)
    await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/)
  })
})

const states: Record<string, (settings: Parameters<Browser['newContext']>[0]) => Promise<Page>> = {
  pending: async (settings) => open((await ask()).approvalUrl, settings),
  approved: async (settings) => {
    const page = await open((await ask()).approvalUrl, settings)
    await page.locator('button[value=approve]').click()
    await page.locator('[data-waiting=approved]').waitFor()
    return page
  },
  denied: async (settings) => {
    const { approvalId, approvalUrl } = await ask()
    await decideElsewhere(approvalId, 'deny')
    return open(approvalUrl, settings)
  },
  'not-bound': async (settings) =>
    open(`${stage.url}/approvals/${(await ask()).approvalId}`, settings),
}

test.each(Object.entries(states))(
  'axe finds nothing, and 320 px are enough, by day and night, in English and German: %s',
  (state, reach) => expectTidyPage(`approval-${state}`, reach),
)
