import { mkdtempSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Keywell, type SignedIn } from '@keywell/sdk'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { build, defaultClientConditions } from 'vite'
import { listen, type Stage } from './stage.ts'

/** Builds a page of `test/e2e/pages`, with React's production build. Answers the folder that holds it. */
export async function buildPage(html: string): Promise<string> {
  const outDir = join(mkdtempSync(join(tmpdir(), 'keywell-page-')), 'public')
  const root = fileURLToPath(new URL('../e2e/pages/', import.meta.url))
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    // The test runner's NODE_ENV would make it a development build, which React's production one cannot run.
    oxc: { jsx: { runtime: 'automatic', development: false } },
    resolve: { conditions: ['@keywell/source', ...defaultClientConditions] },
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { input: join(root, html) },
    },
  })
  return outDir
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
}

export interface ServedPage {
  readonly url: string
  stop(): void
}

/**
 * An app of one page, whose user is signed in. It allows no inline style and no inline script.
 *
 * @param index file that is shown at `/`
 */
export async function servePage(
  stage: Pick<Stage, 'url' | 'apiKey'>,
  assets: string,
  { index = 'index.html', signedIn }: { index?: string; signedIn: () => SignedIn },
): Promise<ServedPage> {
  const headers = {
    'content-security-policy': `default-src 'self'; connect-src 'self' ${stage.url}; form-action 'self' ${stage.url}; base-uri 'none'`,
  }
  const { server, url } = await listen(
    () => ({
      async fetch(request) {
        const { pathname } = new URL(request.url)
        if (pathname.startsWith('/api/keywell/')) {
          return keywell.connectHandler(request, signedIn())
        }
        const path = normalize(pathname === '/' ? `/${index}` : pathname)
        const body = await readFile(join(assets, path)).catch(() => null)
        const type = types[extname(path)] ?? 'application/octet-stream'
        return body === null
          ? new Response(null, { status: 404 })
          : new Response(body, { headers: { ...headers, 'content-type': type } })
      },
    }),
    'localhost',
  )
  const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey, appOrigin: url })
  return {
    url,
    stop() {
      keywell.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A page in a browser of its own, and everything that its console complains about. */
export async function openWatched(
  browser: Browser,
): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return { context, page, complaints }
}
