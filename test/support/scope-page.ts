import { mkdtempSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CreateSession } from '@keywell/protocol'
import { Keywell } from '@keywell/sdk'
import { build, defaultClientConditions } from 'vite'
import type { TestDatabase } from './inspected.ts'
import { createStage, listen, type Stage } from './stage.ts'

/** An app whose page lets a user choose scopes, with the service and GitLab's stand-in. */
export interface ScopePage {
  readonly stage: Stage
  readonly url: string
  /** What the app's sessions allow. */
  scopes: CreateSession['scopes']
  readonly who: { readonly tenantId: string; readonly userId: string }
  stop(): Promise<void>
}

export async function openScopePage(database: TestDatabase): Promise<ScopePage> {
  const assets = await buildPage()
  const stage = await createStage(database, {
    sandboxHost: 'localhost',
    scopes: [
      'api',
      'read_api',
      'read_user',
      'read_repository',
      'write_repository',
      'read_registry',
      'create_runner',
      'email',
    ],
  })
  const { server, url } = await listen(
    () => ({ fetch: (request) => answer(page, keywell, assets, request) }),
    'localhost',
  )
  const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey, appOrigin: url })
  const page: ScopePage = {
    stage,
    url,
    scopes: {},
    who: { tenantId: 'ten_scopes', userId: 'usr_mira' },
    async stop() {
      keywell.close()
      server.closeAllConnections()
      server.close()
      await stage.stop()
    },
  }
  return page
}

async function answer(
  { scopes, who }: ScopePage,
  keywell: Keywell,
  assets: string,
  request: Request,
): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname.startsWith('/api/keywell/')) {
    return keywell.connectHandler(request, { ...who, ...(scopes && { scopes }) })
  }
  const [, asset] = /^\/assets\/([\w.-]+)$/.exec(pathname) ?? []
  if (asset === undefined && pathname !== '/') return new Response('', { status: 404 })
  const path = asset === undefined ? 'scope-picker.html' : `assets/${asset}`
  const type = { js: 'text/javascript', css: 'text/css', html: 'text/html' }[
    path.split('.').at(-1) ?? ''
  ]
  return new Response(await readFile(join(assets, path)), {
    headers: { 'content-type': type ?? 'application/octet-stream' },
  })
}

async function buildPage(): Promise<string> {
  const outDir = join(mkdtempSync(join(tmpdir(), 'keywell-scopes-')), 'public')
  const root = fileURLToPath(new URL('../e2e/pages/', import.meta.url))
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    // The test runner's NODE_ENV would make it a development build, which React's production one cannot run.
    oxc: { jsx: { runtime: 'automatic', development: false } },
    resolve: { conditions: ['@keywell/source', ...defaultClientConditions] },
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { outDir, rollupOptions: { input: join(root, 'scope-picker.html') } },
  })
  return outDir
}
