import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { PNG } from 'pngjs'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { root } from '../packaging/run.ts'
import { launchBrowser } from '../support/browser.ts'
import type {} from '../support/browser-setup.ts' // what is provided, for `inject`
import {
  type GalleryServer,
  modalSectionsOf,
  openVariant,
  serveGallery,
  type Variant,
  variants,
} from '../support/gallery.ts'
import {
  compareSheets,
  cut,
  differenceOf,
  sheetOf,
  summaryOf,
  tolerance,
} from '../support/picture-sheets.ts'
import { verifies } from '../support/verifies.ts'

// Each state of each component, compared with the picture that is kept of it. See `picture-sheets.ts`.

const kept = join(root, 'test/e2e/pictures')
const cache = join(root, 'node_modules/.cache/keywell')
const font = readFileSync(
  createRequire(import.meta.url).resolve(
    '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2',
  ),
).toString('base64')
const fontCss = `@font-face { font-family: Letters; font-weight: 100 900;
  src: url(data:font/woff2;base64,${font}) format('woff2') }
  :root { --gallery-font: Letters }`

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

async function newPage(): Promise<Page> {
  // The font comes as a data: URL, which the gallery's policy forbids.
  const context = await browser.newContext({ bypassCSP: true, deviceScaleFactor: 1 })
  return context.newPage()
}

async function setLetters(page: Page, css = fontCss): Promise<void> {
  await page.addStyleTag({ content: css })
  await page.evaluate(async () => {
    await document.fonts.load('500 16px Letters')
    await document.fonts.ready
  })
}

const screenshot = async (page: Page, fullPage: boolean) =>
  PNG.sync.read(await page.screenshot({ fullPage, animations: 'disabled' }))

/** The picture of each section, by its id. */
async function picturesOf(page: Page, variant: Variant): Promise<Map<string, PNG>> {
  await openVariant(page, gallery.url, variant)
  await setLetters(page)
  const modal = await modalSectionsOf(page)
  const boxes = await page.evaluate(() => {
    // Which section had the focus last is no matter of looks.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    window.scrollTo(0, 0)
    // Each begins at a whole pixel, so that the height of one does not show in the others.
    for (const stage of document.querySelectorAll<HTMLElement>('article')) {
      stage.style.minHeight = `${Math.ceil(stage.getBoundingClientRect().height)}px`
    }
    return [...document.querySelectorAll('[data-section]:not([data-modal])')].map((section) => {
      const { x, y, width, height } = section.getBoundingClientRect()
      return { id: section.getAttribute('data-section') ?? '', box: { x, y, width, height } }
    })
  })
  const whole = await screenshot(page, true)
  const pictures = new Map(boxes.map(({ id, box }) => [id, cut(whole, box)]))
  for (const id of modal) {
    await openVariant(page, gallery.url, variant, id)
    await setLetters(page)
    const box = await page.locator('dialog[open]').boundingBox()
    if (box) pictures.set(id, cut(await screenshot(page, false), box))
  }
  return pictures
}

/** All that differs where letters do. */
async function lettersOf(page: Page, css = fontCss): Promise<PNG> {
  await page.setViewportSize({ width: 480, height: 120 })
  await page.setContent(`<!doctype html><title>Letters</title><style>
    body { margin: 0; font: 15px/1.5 var(--gallery-font), serif; color-scheme: light }
    b { font-weight: 650 }
    p { margin: 8px; padding: 8px 12px; border: 1px solid color-mix(in oklab, CanvasText 22%, Canvas);
      border-radius: 8px; box-shadow: 0 1px 2px rgb(0 0 0 / 12%) }</style>
    <p>Connect GitLab … <b>Verbunden als Ägir Ökör</b> <small>0123456789</small>
    <svg width="16" height="16"><path d="m3.5 8.5 3 3 6-7" fill="none" stroke="#4a42dd" /></svg></p>`)
  await setLetters(page, css)
  return screenshot(page, false)
}

/** Where the pictures of a run are left in their full size, by `KEYWELL_PICTURES`; nowhere without. */
function leave(pictures: ReadonlyMap<string, PNG>, { width, theme, dir }: Variant): void {
  const folder = process.env.KEYWELL_PICTURES
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  for (const [id, picture] of pictures) {
    const file = `gallery-${id}-${width}-${theme}-${dir}.png`
    writeFileSync(join(folder, file), PNG.sync.write(picture))
  }
}

verifies.suite('gallery:pictures', () => {
  test('each section looks as it did', async () => {
    const page = await newPage()
    const taken: Map<string, PNG>[] = []
    for (const variant of variants) {
      const pictures = await picturesOf(page, variant)
      leave(pictures, variant)
      taken.push(pictures)
    }
    const ids = [...(taken[0]?.keys() ?? [])]
    expect(ids.length).toBeGreaterThan(20)
    const sheets = new Map(
      ids.map((id) => [id, sheetOf(taken.flatMap((pictures) => pictures.get(id) ?? []))]),
    )
    const compared = compareSheets(sheets, await lettersOf(page), {
      kept,
      machine: join(cache, 'pictures'),
      differences: join(cache, 'picture-differences'),
    })
    const summary = summaryOf(compared)
    process.stdout.write(`${summary}\n`)
    expect(compared.different, summary).toEqual([])
    expect(compared.isKept ? compared.stale : [], summary).toEqual([])
    await page.context().close()
  }, 240_000)

  test('a colour, a border and a distance that change are noticed, and nothing else is', async () => {
    const page = await newPage()
    const [, , , , desk] = variants
    if (desk === undefined) throw new Error('There is no such variant.')
    const sheetWith = async (css: string) => {
      await openVariant(page, gallery.url, desk, 'connected')
      await setLetters(page, fontCss + css)
      return sheetOf([await screenshot(page, false)])
    }
    const before = await sheetWith('')
    const pixels = async (css: string) => differenceOf(before, await sheetWith(css)).pixels
    expect(await pixels('')).toBe(0)
    for (const change of [
      '--keywell-success: #b0204a',
      '--keywell-border: #8080ff',
      '--keywell-radius: 1rem',
      '--keywell-spacing: 0.55rem',
    ]) {
      expect(await pixels(`:root { ${change} }`), change).toBeGreaterThan(tolerance.pixels)
    }
    await page.context().close()
  }, 60_000)

  test('where letters look otherwise, pictures are compared with those of the machine', async () => {
    const page = await newPage()
    const [letters, others, yetOthers] = [
      await lettersOf(page),
      await lettersOf(page, ':root { --gallery-font: serif }'),
      await lettersOf(page, ':root { --gallery-font: monospace }'),
    ]
    await page.context().close()
    // Of two widths, so that a part of the sheet is covered by neither.
    const narrow = cut(letters, { x: 0, y: 0, width: 90, height: 60 })
    const sheets = new Map([['idle', sheetOf([letters, narrow])]])
    const changed = new Map([['idle', sheetOf([others, narrow])]])
    const at = mkdtempSync(join(tmpdir(), 'keywell-pictures-'))
    const folders = {
      kept: join(at, 'kept'),
      machine: join(at, 'machine'),
      differences: join(at, 'differences'),
    }
    const first = compareSheets(sheets, letters, folders)
    expect(first).toMatchObject({ isKept: true, written: ['idle'], same: [] })
    expect(compareSheets(sheets, letters, folders)).toMatchObject({ same: ['idle'], written: [] })
    expect(compareSheets(changed, letters, folders).different).toHaveLength(1)
    // Another machine: its first run compares nothing and says so, its second does.
    const elsewhere = compareSheets(changed, others, folders)
    expect(elsewhere).toMatchObject({ isKept: false, written: ['idle'], same: [] })
    expect(summaryOf(elsewhere)).toMatch(/^Pictures: 0 sections compared/)
    expect(summaryOf(elsewhere)).toContain('written now: idle')
    expect(compareSheets(changed, others, folders).same).toEqual(['idle'])
    expect(compareSheets(sheets, others, folders).different).toHaveLength(1)
    // The same machine with another browser: what it kept says nothing any more.
    expect(compareSheets(sheets, yetOthers, folders).written).toEqual(['idle'])
  })
})
