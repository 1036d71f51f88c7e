import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { findBrowser } from './browser.ts'
import { buildPage } from './product.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder of Acme's page, built as it ships. */
    acmePage: string
    /** Folder of this run alone, for what several of its files build once. */
    builtOnce: string
  }
}

/** Finds the browser and builds Acme's page before the first test, so that they cost no test its time. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { path, origin } = await findBrowser()
  process.stderr.write(`Browser for tests: ${origin}, ${path}\n`)
  const page = await buildPage()
  project.provide('acmePage', page)
  const builtOnce = await mkdtemp(join(tmpdir(), 'keywell-built-'))
  project.provide('builtOnce', builtOnce)
  return async () => {
    await rm(dirname(page), { recursive: true })
    await rm(builtOnce, { recursive: true })
  }
}
