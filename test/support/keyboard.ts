import type { Locator, Page } from 'playwright-core'

/** More than any page of ours has to step over. */
const mostSteps = 60

export const isFocused = (target: Locator): Promise<boolean> =>
  target.evaluate((element) => element === document.activeElement)

/**
 * Presses Tab until the focus is there, once it can be.
 *
 * @throws Error when the keys do not lead there
 */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  for (let steps = 0; steps < mostSteps; steps += 1) {
    if (await isFocused(target)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`The keys do not lead to ${target}.`)
}
