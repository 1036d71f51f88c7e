import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { launchBrowser } from '../support/browser.ts'
import { verifies } from '../support/verifies.ts'

// The stylesheet with its own colours, as it is published and as a host's bundler rewrites it.

const path = fileURLToPath(new URL('../../packages/react/src/styles.css', import.meta.url))

async function rewritten(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, rollupOptions: { input: path } },
  })
  const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []))
  const [css] = outputs.flatMap((one) => (one.type === 'asset' ? [String(one.source)] : []))
  if (css === undefined) throw new Error('The bundler made no stylesheet.')
  return css
}

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

const states = ['idle', 'waiting', 'connected', 'needs_reauth', 'error']
const variants = ['primary', 'outline', 'ghost']

const risks = ['low', 'medium', 'high', 'critical']
const tags = ['', 'kept', 'added', 'removed']

/** A picker of scopes, with every colour that it has. */
const picker = `<fieldset data-keywell-scope-picker data-state="ready"><legend>Scopes</legend>
  <fieldset data-keywell-presets><legend>Presets</legend>${['checked', '']
    .map(
      (checked, at) => `<label data-keywell-preset><input type="radio" name="preset" ${checked}
        aria-labelledby="p${at}"><span><strong id="p${at}">Preset ${at}</strong><small>What it
        means</small></span></label>`,
    )
    .join('')}</fieldset>
  <fieldset data-keywell-scope-group="all"><legend>All</legend>${risks
    .map(
      (risk, at) => `<div data-keywell-scope="${risk}" data-state="${at ? 'included' : 'open'}">
        <input type="checkbox" id="${risk}"><label for="${risk}">What ${risk} allows</label>
        <p data-keywell-scope-facts><span data-keywell-risk="${risk}">${risk}</span>
        <span data-keywell-tag="${tags[at]}">a tag</span><code>${risk}</code></p>
        <details data-keywell-tools open><summary>Tools</summary><dl><div><dt>Area</dt>
        <dd>Tool</dd></div></dl></details></div>`,
    )
    .join('')}</fieldset>
  <div role="group" aria-label="changes" data-keywell-scope-changes><dl data-keywell-facts>${tags
    .map(
      (tag) => `<div data-keywell-change="${tag}"><dt>Kind</dt><dd><code>scope</code></dd></div>`,
    )
    .join('')}</dl></div>
  <p data-keywell-note data-keywell-summary="">A summary</p>
  <p data-keywell-note data-keywell-summary="warning">A warning</p></fieldset>
  <dialog data-keywell-dialog data-keywell-scope-dialog aria-label="choose" open>
  <div data-keywell-choices><button data-keywell-confirm>Go on</button><button>Cancel</button></div>
  </dialog>`

/** Markup as the components write it. */
function pageOf(css: string, scheme: string): string {
  const buttons = states.flatMap((state) =>
    variants.map(
      (variant) => `<button data-keywell-button data-size="md" data-variant="${variant}"
        data-state="${state}"><span data-keywell-label>${state} ${variant}</span></button>`,
    ),
  )
  const notes = states.map(
    (state) => `<span data-keywell-actions data-state="${state}"><span data-keywell-note>A note
      <small data-keywell-reference>req_1</small></span><button>${state}</button></span>`,
  )
  return `<!doctype html><html lang="en" style="${scheme}"><title>Colours</title><style>${css}</style>
    <body style="background: Canvas"><main><h1>Colours</h1>${[...buttons, ...notes, picker].join('\n')}
    <dialog data-keywell-dialog aria-label="account" open><p>Text</p><p role="alert">Wrong</p>
    <div data-keywell-choices><button data-keywell-danger>Disconnect</button><button>Close</button>
    </div></dialog></main></body></html>`
}

verifies.suite('e2e:page-scheme', () => {
  test.each([
    ['as it is published', () => Promise.resolve(readFileSync(path, 'utf8'))],
    ['as a bundler rewrites it', rewritten],
  ])('%s', async (_, read) => {
    const css = await read()
    const context = await browser.newContext({ reducedMotion: 'reduce' })
    const page = await context.newPage()
    const backgrounds = async () =>
      page.evaluate(() =>
        [
          '[data-state="connected"][data-variant="primary"]',
          '[data-variant="primary"]',
          'dialog',
        ].map((selector) => {
          const element = document.querySelector(selector)
          return element && getComputedStyle(element).backgroundColor
        }),
      )
    const seen = new Map<string, unknown>()
    for (const system of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: system })
      for (const scheme of [
        '',
        'color-scheme: light',
        'color-scheme: dark',
        'color-scheme: light dark',
      ]) {
        await page.setContent(pageOf(css, scheme))
        seen.set(`${scheme} ${system}`, await backgrounds())
        await expectAccessible(page, `${scheme} where the system is ${system}`)
      }
    }
    await context.close()
    const light = seen.get('color-scheme: light light')
    const dark = seen.get('color-scheme: dark light')
    expect(dark).not.toEqual(light)
    expect(Object.fromEntries(seen)).toEqual({
      ' light': light,
      ' dark': light,
      'color-scheme: light light': light,
      'color-scheme: light dark': light,
      'color-scheme: dark light': dark,
      'color-scheme: dark dark': dark,
      'color-scheme: light dark light': light,
      'color-scheme: light dark dark': dark,
    })
  })
})
