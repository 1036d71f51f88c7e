import { sandboxPassword } from '@keywell/sandbox'
import type { Locator, Page } from 'playwright-core'
import { tabTo } from './keyboard.ts'

// What a person does, with the keyboard alone, at the pages of the stand-ins for other providers than GitLab.

const username = (window: Page) => window.getByLabel('Username')

/** Signs in where it is asked for. */
export async function signInByKeyboard(window: Page, as: string): Promise<void> {
  await tabTo(window, username(window))
  await window.keyboard.type(as)
  await tabTo(window, window.getByLabel('Password'))
  await window.keyboard.type(sandboxPassword)
  await window.keyboard.press('Enter')
}

/** The button by which a person says yes, whatever the provider calls it. */
export const approveButton = (window: Page): Locator =>
  window.getByRole('button', { name: /^(Authorize|Grant access|Accept)/ })
