import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { expectAccessible, finishTransitions } from './accessible.ts'

/** Where pictures are left, by `KEYWELL_PICTURES`; nowhere without. */
const pictures = process.env.KEYWELL_PICTURES

/** The page as it is in each size, colour and direction: it fits, and axe finds nothing. */
export async function expectToLookRight(page: Page, state: string): Promise<void> {
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 720 })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const direction of ['ltr', 'rtl']) {
        await page.evaluate((dir) => {
          document.documentElement.dir = dir
        }, direction)
        await expectToFit(page, `${state}-${width}-${colorScheme}-${direction}`)
      }
    }
  }
  await page.evaluate(() => document.documentElement.removeAttribute('dir'))
}

/** The page as it is: no wider than its window, and axe finds nothing. */
export async function expectToFit(page: Page, what: string): Promise<void> {
  await finishTransitions(page)
  const overflow = await page.evaluate(() =>
    Math.max(
      ...[document.documentElement, ...document.querySelectorAll('dialog')].map(
        ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth,
      ),
    ),
  )
  expect(overflow, `${what} is wider than its window`).toBe(0)
  await expectAccessible(page, what)
  await takePicture(page, what)
}

/** Leaves a picture, where they are wanted. */
export async function takePicture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' })
}
