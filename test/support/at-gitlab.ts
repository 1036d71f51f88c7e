import { sandboxPassword } from '@keywell/sandbox'
import type { Page } from 'playwright-core'
import { tabTo } from './keyboard.ts'

// What a person does at the pages of the stand-in for GitLab. A window is a popup, or the tab of the app.

const username = (window: Page) => window.getByLabel('Username')
export const authorizeButton = (window: Page) => window.getByRole('button', { name: /^Authorize/ })

export async function signInAtGitLab(window: Page, as = 'ada'): Promise<void> {
  await username(window).fill(as)
  await window.getByLabel('Password').fill(sandboxPassword)
  await window.getByRole('button', { name: 'Sign in' }).click()
}

/** GitLab remembers who signed in, and asks nobody twice. */
async function isAskedToSignIn(window: Page): Promise<boolean> {
  await username(window).or(authorizeButton(window)).first().waitFor()
  return username(window).isVisible()
}

/** Signs in if asked to, and consents in a popup, which closes. */
export async function consent(popup: Page, as = 'ada'): Promise<void> {
  if (await isAskedToSignIn(popup)) await signInAtGitLab(popup, as)
  await Promise.all([popup.waitForEvent('close'), authorizeButton(popup).click()])
}

/** Signs in if asked to, and consents, with the keyboard alone. */
export async function consentByKeyboard(window: Page, as = 'ada'): Promise<void> {
  if (await isAskedToSignIn(window)) {
    await tabTo(window, username(window))
    await window.keyboard.type(as)
    await tabTo(window, window.getByLabel('Password'))
    await window.keyboard.type(sandboxPassword)
    await window.keyboard.press('Enter')
  }
  await tabTo(window, authorizeButton(window))
  await window.keyboard.press('Enter')
}

/** Takes the access back at GitLab, in another tab of the browser that signed in there. */
export async function withdrawAtGitLab(page: Page, gitlab: string): Promise<void> {
  const tab = await page.context().newPage()
  await tab.goto(`${gitlab}/-/user_settings/applications`)
  await tab.getByRole('button', { name: /^Revoke/ }).click()
  await tab.waitForLoadState()
  await tab.close()
}
