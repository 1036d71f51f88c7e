import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import type {} from '../support/browser-setup.ts' // what is provided, for `inject`
import {
  type GalleryServer,
  modalSectionsOf,
  openVariant,
  serveGallery,
  variants,
} from '../support/gallery.ts'
import { verifies } from '../support/verifies.ts'

// Every component in every state, for people who choose the colours of all pages, and for those who want no motion.

let gallery: GalleryServer
let browser: Browser
beforeAll(async () => {
  gallery = await serveGallery(inject('acmePage'))
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  gallery.stop()
})

/** Opens the gallery, then each section that takes the whole page. */
async function visit(
  page: Page,
  { dir, theme }: { dir: 'ltr' | 'rtl'; theme: 'light' | 'dark' },
  look: (what: string) => Promise<void>,
): Promise<void> {
  const variant = variants.find(
    (each) => each.width === 1280 && each.dir === dir && each.theme === theme,
  )
  if (variant === undefined) throw new Error('There is no such variant.')
  await openVariant(page, gallery.url, variant)
  const modal = await modalSectionsOf(page)
  await look('all')
  for (const section of modal) {
    await openVariant(page, gallery.url, variant, section)
    await look(section)
  }
}

async function leave(page: Page, name: string): Promise<void> {
  const folder = process.env.KEYWELL_PICTURES
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `forced-${name}.png`)
  await page.screenshot({ path, animations: 'disabled', fullPage: true })
}

/** What a keyboard user cannot tell from the page around it while it has the focus. */
const unseenFocus = (page: Page) =>
  page.evaluate(() => {
    const shown = [
      ...document.querySelectorAll<HTMLElement>(
        '[data-section] :is(button, a[href], input, summary):not(:disabled)',
      ),
    ].filter((element) => element.checkVisibility() && element.closest('[inert]') === null)
    return shown.flatMap((element) => {
      element.focus()
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element)
      const { backgroundColor } = getComputedStyle(document.body)
      const isSeen =
        outlineStyle !== 'none' && outlineWidth !== '0px' && outlineColor !== backgroundColor
      return isSeen || document.activeElement !== element ? [] : [element.outerHTML.slice(0, 120)]
    })
  })

/** What has an edge in full colour by its fill alone. */
const bounded = [
  'button',
  'name',
  'empty',
  'name-form',
  'scope-changes',
  'actions',
  'preset',
  'dialog',
  'host-input',
  'name-input',
].map((name) => `[data-keywell-${name}]`)
const places = [
  '[data-keywell-connection][data-loading] > span',
  'span[data-keywell-mark]:not([data-loading] *)',
]

const unbounded = (page: Page, selectors: readonly string[]) =>
  page.evaluate(
    (all) =>
      all.flatMap((selector) =>
        [...document.querySelectorAll<HTMLElement>(`[data-section] ${selector}`)]
          .filter((element) => element.checkVisibility())
          .filter((element) => {
            const { borderTopWidth, borderTopStyle, borderTopColor } = getComputedStyle(element)
            const { backgroundColor } = getComputedStyle(document.body)
            const isSeen =
              borderTopWidth !== '0px' &&
              borderTopStyle !== 'none' &&
              borderTopColor !== backgroundColor
            return !isSeen
          })
          .map((element) => `${selector}: ${element.outerHTML.slice(0, 120)}`),
      ),
    selectors,
  )

/** Text in the colour of what is behind it. */
const unreadable = (page: Page) =>
  page.evaluate(() => {
    const isFill = (color: string) => !/^rgba\(.*, 0\)$/.test(color)
    const behind = (element: Element | null): string => {
      if (element === null) return getComputedStyle(document.body).backgroundColor
      const { backgroundColor } = getComputedStyle(element)
      return isFill(backgroundColor) ? backgroundColor : behind(element.parentElement)
    }
    return (
      [...document.querySelectorAll('[data-section] *')]
        .filter((element) =>
          [...element.childNodes].some((node) => node instanceof Text && node.data.trim() !== ''),
        )
        // Opacity hides what is not known yet.
        .filter(
          (element) => element.checkVisibility() && element.closest('[data-loading]') === null,
        )
        .filter((element) => getComputedStyle(element).color === behind(element))
        .map((element) => element.outerHTML.slice(0, 120))
    )
  })

verifies.suite('gallery:forced-colors', () => {
  test('with forced colours, text, edges and the focus are seen', async () => {
    const context = await browser.newContext({ forcedColors: 'active' })
    const page = await context.newPage()
    const met = new Set<string>()
    for (const theme of ['light', 'dark'] as const) {
      await visit(page, { dir: 'ltr', theme }, async (section) => {
        const what = `${section}-${theme}`
        await leave(page, what)
        expect(await unbounded(page, [...bounded, ...places]), what).toEqual([])
        for (const selector of [...bounded, ...places]) {
          if (await page.locator(`[data-section] ${selector}`).count()) met.add(selector)
        }
        expect(await unreadable(page), what).toEqual([])
        // What the focus is on by a key has its ring.
        await page.keyboard.press('Tab')
        expect(await unseenFocus(page), what).toEqual([])
      })
    }
    expect([...bounded, ...places].filter((selector) => !met.has(selector))).toEqual([])
    await context.close()
  }, 120_000)

  test('with forced colours, what is chosen is told from what is not', async () => {
    const context = await browser.newContext({ forcedColors: 'active' })
    const page = await context.newPage()
    const [, , , , desk] = variants
    if (desk === undefined) throw new Error('There is no such variant.')
    await openVariant(page, gallery.url, desk, 'scopes')
    const edge = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => {
          const { borderTopColor, outlineStyle } = getComputedStyle(element)
          return [borderTopColor, outlineStyle]
        })
    expect(await edge('[data-keywell-preset]:has(:checked)')).not.toEqual(
      await edge('[data-keywell-preset]:not(:has(:checked))'),
    )
    await context.close()
  })
})

verifies('gallery:reduced-motion', async () => {
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  const page = await context.newPage()
  await visit(page, { dir: 'ltr', theme: 'light' }, async (section) => {
    const moving = await page.evaluate(() => {
      const running = document.getAnimations().map(({ effect }) => {
        const { target, pseudoElement } = effect as KeyframeEffect
        return `${target?.outerHTML.slice(0, 120)} ${pseudoElement ?? ''}`
      })
      const ready = [...document.querySelectorAll('[data-section] *')].filter((element) =>
        [null, '::before', '::after', '::backdrop'].some((pseudo) => {
          const { transitionDuration, animationName } = getComputedStyle(element, pseudo)
          return /[1-9]/.test(transitionDuration) || animationName !== 'none'
        }),
      )
      return [...running, ...ready.map((element) => element.outerHTML.slice(0, 120))]
    })
    expect(moving, section).toEqual([])
  })
  await context.close()
})
