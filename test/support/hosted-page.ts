import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { expectAccessible } from './accessible.ts'

type Settings = NonNullable<Parameters<Browser['newContext']>[0]>

/** Where pictures are left, by `KEYWELL_PICTURES`; nowhere without. */
const pictures = process.env.KEYWELL_PICTURES

/** A page of the service is right by axe, and fits 320 px, by day and night, in English and German. */
export async function expectTidyPage(
  name: string,
  open: (settings: Settings) => Promise<Page>,
): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [width, locale] of [
      [320, 'de-DE'],
      [1280, 'en-GB'],
      [320, 'en-GB'],
      [1280, 'de-DE'],
    ] as const) {
      const page = await open({ colorScheme, locale, viewport: { width, height: 800 } })
      const what = `${name}-${colorScheme}-${width}-${locale.slice(0, 2)}`
      const scrollWidth = await page.evaluate('document.documentElement.scrollWidth')
      expect(scrollWidth, what).toBeLessThanOrEqual(width)
      expect(await page.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2))
      await expectAccessible(page, what)
      if (pictures === undefined) continue
      mkdirSync(pictures, { recursive: true })
      await page.screenshot({ path: join(pictures, `${what}.png`), fullPage: true })
    }
  }
}
