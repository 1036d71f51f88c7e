import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'

/**
 * As root, Chromium starts without a sandbox only. The rest keeps a test on this machine: no calls
 * home, and no name but those of loopback resolves. `@sparticuz/chromium` offers a list of its own,
 * which turns web security off; every attack test would pass for nothing.
 */
const launchArguments = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-pings',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1',
]

/** Starts the browser of this machine. The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const { path } = await findBrowser()
  return chromium.launch({ executablePath: path, args: launchArguments })
}

export interface FoundBrowser {
  path: string
  /** Where it comes from, for the log of a run. */
  origin: string
}

/**
 * The first of: `CHROME_PATH`, Debian's package, Playwright's own download, and the Chromium that
 * comes packed from npm, so that a test needs neither root nor a CDN.
 */
export async function findBrowser(): Promise<FoundBrowser> {
  const chosen = process.env.CHROME_PATH
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`CHROME_PATH names no file: ${chosen}`)
    return { path: chosen, origin: 'CHROME_PATH' }
  }
  const installed = '/usr/bin/chromium'
  if (existsSync(installed)) return { path: installed, origin: "the system's package" }
  const downloaded = chromium.executablePath()
  if (existsSync(downloaded)) return { path: downloaded, origin: "Playwright's download" }
  return { path: await unpackedBrowser(), origin: '@sparticuz/chromium' }
}

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/**
 * Unpacks the packed Chromium, once per version. The package takes an existing file for a complete
 * one, and of processes that unpack together some fail; so each unpacks into a folder of its own, and
 * the rename decides who was first.
 */
async function unpackedBrowser(): Promise<string> {
  const manifest = await readFile(join(modules, '@sparticuz/chromium/package.json'), 'utf8')
  const cache = join(modules, '.cache/keywell')
  const folder = join(cache, `chromium-${JSON.parse(manifest).version}`)
  const path = join(folder, 'chromium')
  if (existsSync(path)) return path

  await mkdir(cache, { recursive: true })
  const mine = await mkdtemp(join(cache, 'unpacking-'))
  try {
    const script = "await (await import('@sparticuz/chromium')).default.executablePath()"
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: modules,
      env: { ...process.env, TMPDIR: mine },
    })
    await rename(mine, folder)
  } catch (error) {
    // Another process was faster: its folder is complete, since it got its name by a rename too.
    if (!existsSync(path)) throw error
  } finally {
    await rm(mine, { recursive: true, force: true })
  }
  return path
}
