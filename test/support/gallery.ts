import { randomBytes } from 'node:crypto'
import { createDemo } from '@keywell/demo'
import type { Page } from 'playwright-core'
import { listen } from './stage.ts'

/** The demo's `/gallery`, served as the demo serves it, with its strict policy. No service stands behind it. */
export interface GalleryServer {
  readonly url: string
  stop(): void
}

/** @param assets - Acme's page, built. */
export async function serveGallery(assets: string): Promise<GalleryServer> {
  const { server, url } = await listen(() => demo, 'localhost')
  const demo = createDemo({
    keywellUrl: 'http://127.0.0.1:9',
    apiKey: 'unused',
    origin: url,
    assets,
    now: Date.now,
    randomBytes,
    onError: (error) => {
      throw error
    },
  })
  return {
    url: `${url}/gallery`,
    stop() {
      demo.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The sections of the open page that have reached their state, once all have that can. */
async function sectionsOf(page: Page): Promise<string[]> {
  await page.waitForFunction(() => {
    const played = [...document.querySelectorAll('[data-section]:not([data-modal])')]
    const alone = new URLSearchParams(location.search).get('section')
    const modal = alone && document.querySelector(`[data-section="${alone}"][data-modal]`)
    return (
      document.querySelector('[data-section]') !== null &&
      [...played, ...(modal ? [modal] : [])].every((one) => one.hasAttribute('data-ready'))
    )
  })
  return page.evaluate(() => {
    // A colour or a place that is on its way to another one is neither.
    for (const animation of document.getAnimations()) {
      const { endTime } = animation.effect?.getComputedTiming() ?? {}
      if (endTime !== Number.POSITIVE_INFINITY) animation.finish()
    }
    return [...document.querySelectorAll('[data-section]')].map(
      (one) => one.getAttribute('data-section') ?? '',
    )
  })
}

/** Sections that take the whole page, and are shown alone. */
export function modalSectionsOf(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('[data-section][data-modal]')].map(
      (one) => one.getAttribute('data-section') ?? '',
    ),
  )
}

/** What pictures and axe are taken in. */
export const variants = [320, 1280].flatMap((width) =>
  (['light', 'dark'] as const).flatMap((theme) =>
    (['ltr', 'rtl'] as const).map((dir) => ({ width, theme, dir })),
  ),
)
export type Variant = (typeof variants)[number]

/** Opens the gallery, or one section of it, as a variant shows it. */
export async function openVariant(
  page: Page,
  url: string,
  { width, theme, dir }: Variant,
  section?: string,
): Promise<string[]> {
  await page.setViewportSize({ width, height: 720 })
  const alone = section === undefined ? '' : `&section=${section}`
  await page.goto(`${url}?theme=${theme}&dir=${dir}${alone}`)
  return sectionsOf(page)
}
