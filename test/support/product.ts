import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDemo } from '@keywell/demo'
import type { Database } from '@keywell/server'
import { build } from 'vite'
import { createStage, listen, type Stage } from './stage.ts'

/** All of it, as a user meets it: Acme on localhost, Keywell on 127.0.0.1, GitLab's stand-in. */
export interface Product {
  stage: Stage
  /** Where Acme is. */
  url: string
  /** What the demo could not blame on its user. */
  failures: unknown[]
  stop(): Promise<void>
}

export async function createProduct(database: Database): Promise<Product> {
  const assets = join(mkdtempSync(join(tmpdir(), 'keywell-demo-')), 'public')
  const configFile = fileURLToPath(new URL('../../apps/demo/vite.config.ts', import.meta.url))
  // As it ships; the test runner's own NODE_ENV would make it React's development build.
  const define = { 'process.env.NODE_ENV': '"production"' }
  await build({ configFile, logLevel: 'error', define, build: { outDir: assets } })
  const stage = await createStage(database, { sandboxHost: 'localhost' })
  const { server, url } = await listen(() => demo, 'localhost')
  const failures: unknown[] = []
  const demo = createDemo({
    keywellUrl: stage.url,
    apiKey: stage.apiKey,
    origin: url,
    assets,
    gitlabHost: stage.sandbox.url,
    now: Date.now,
    randomBytes,
    onError: (error) => failures.push(error),
  })
  return {
    stage,
    url,
    failures,
    async stop() {
      demo.close()
      server.closeAllConnections()
      server.close()
      await stage.stop()
    },
  }
}
