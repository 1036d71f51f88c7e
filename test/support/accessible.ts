import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
)

interface Axe {
  run(options: {
    resultTypes: ['violations']
  }): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
}

/** axe finds nothing on the page, as it is shown once its colours have changed to what they shall be. */
export async function expectAccessible(page: Page, what = page.url()): Promise<void> {
  await finishTransitions(page)
  // Evaluated by the debugger, so that a page's own policy stays as strict as it is; once for each document.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource)
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: Axe }
    // All rules run; what they find in order is not described element by element, which takes longer than the rules.
    const { violations } = await axe.run({ resultTypes: ['violations'] })
    return violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map((node) => node.html),
    }))
  })
  expect(found, what).toEqual([])
}

/** A colour that is on its way to another one is neither. */
export async function finishTransitions(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const animation of document.getAnimations()) {
      const { endTime } = animation.effect?.getComputedTiming() ?? {}
      if (endTime !== Number.POSITIVE_INFINITY) animation.finish()
    }
  })
}
