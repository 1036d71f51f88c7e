import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as kit from '@keywell/react'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { root } from '../packaging/run.ts'
import { expectAccessible } from '../support/accessible.ts'
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

// Every component in every state, at the demo's /gallery.

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

const overflowOf = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** Attributes of ours that are in the page. */
const attributesOf = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('[data-section] *')].flatMap((element) =>
      element.getAttributeNames().filter((name) => name.startsWith('data-keywell-')),
    ),
  )

/** Names of the table of parts, as attributes. */
function partAttributes(): string[] {
  const source = readFileSync(join(root, 'packages/react/src/parts.ts'), 'utf8')
  const names = [...source.matchAll(/^ {2}(\w+)\?: string \| undefined$/gm)].map(([, name]) => name)
  return names.map(
    (name) => `data-keywell-${name?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  )
}

verifies.suite('gallery:states', () => {
  test('all sections reach their state, fit, and are accessible', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.addInitScript(`addEventListener('securitypolicyviolation', (event) => {
      throw new Error('The policy forbids ' + event.violatedDirective)
    })`)
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    const met = new Set<string>()
    for (const variant of variants) {
      const what = JSON.stringify(variant)
      const sections = await openVariant(page, gallery.url, variant)
      expect(new Set(sections).size).toBe(sections.length)
      expect(await overflowOf(page), what).toBe(0)
      // Direction changes neither roles nor colours.
      if (variant.dir === 'rtl') await expectAccessible(page, what)
      for (const name of await attributesOf(page)) met.add(name)
    }
    const [phone] = variants
    for (const section of phone ? await modalSectionsOf(page) : []) {
      for (const variant of variants.filter(({ dir }) => dir === 'rtl')) {
        await openVariant(page, gallery.url, variant, section)
        expect(await overflowOf(page), section).toBe(0)
        await expectAccessible(page, section)
        for (const name of await attributesOf(page)) met.add(name)
      }
    }
    expect(errors).toEqual([])
    const parts = partAttributes()
    expect(parts.length).toBeGreaterThan(10)
    expect(parts.filter((name) => !met.has(name))).toEqual([])
    await context.close()
  }, 120_000)

  test('each component that is exported has a group', async () => {
    const page = await browser.newPage()
    await page.goto(gallery.url)
    await page.locator('h2').first().waitFor()
    const titles = await page.locator('h2').allTextContents()
    const components = Object.keys(kit).filter(
      (name) => /^[A-Z]/.test(name) && !/(Provider|Error)$/.test(name),
    )
    expect(components).toContain('ConnectButton')
    expect(components.filter((name) => !titles.includes(name))).toEqual([])
    await page.close()
  })
})
