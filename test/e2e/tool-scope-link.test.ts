/** An agent lacks a scope; its user follows the link of the refusal and consents; the same call passes. */
import { agentErrorOf, Keywell, type KeywellError } from '@keywell/sdk'
import { expect, onTestFinished, vi } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { setUpAcme } from '../support/acme.ts'
import { consent } from '../support/at-gitlab.ts'
import { verifies } from '../support/verifies.ts'

vi.setConfig({ testTimeout: 60_000 })

const acme = setUpAcme()
const mira = { tenantId: 'org_northwind', userId: 'user_mira' }
const issue = { project_id: 'lighthouse/webshop', title: 'The build fails on main' }

verifies('agent:scope-link', async () => {
  const { stage } = acme.product
  const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
  onTestFinished(() => keywell.close())
  const call = () => keywell.tools.execute('gitlab_issue_create', issue, mira)
  const refusal = async (): Promise<KeywellError> =>
    call().then(
      () => Promise.reject(new Error('It was not refused.')),
      (error) => error,
    )
  const page = await acme.atSettings()
  const consentBy = async (name: string) => {
    const button = page.getByRole('button', { name, exact: true })
    const [popup] = await Promise.all([page.waitForEvent('popup'), button.click()])
    await consent(popup)
  }

  const absent = agentErrorOf(await refusal())
  expect(absent?.code).toBe('NOT_CONNECTED')
  await page.goto(absent?.connect_url ?? '')
  await consentBy('Connect GitLab')
  await page.getByRole('heading', { name: 'Your projects' }).waitFor()

  const error = agentErrorOf(await refusal())
  expect(error).toMatchObject({ code: 'SCOPE_MISSING', missing_scopes: ['api'] })
  await page.goto(error?.connect_url ?? '')
  const asked = page.getByRole('region', { name: 'More to allow' })
  await asked.waitFor()
  expect(await asked.getByRole('listitem').allTextContents()).toEqual([
    expect.stringContaining('api'),
  ])
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    await expectAccessible(page, `more to allow, ${width} px`)
  }
  await consentBy('Allow at GitLab')
  await asked.waitFor({ state: 'detached' })
  const { data } = await call()
  expect(data).toMatchObject({ title: issue.title, state: 'opened' })
})
