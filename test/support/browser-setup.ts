import { findBrowser } from './browser.ts'

/** Finds the browser before the first test, so that unpacking it costs no test its time. */
export async function setup(): Promise<void> {
  const { path, origin } = await findBrowser()
  process.stderr.write(`Browser for tests: ${origin}, ${path}\n`)
}
