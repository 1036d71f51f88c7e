import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createDemo } from '@keywell/demo'
import { appsAt, registerApps, standInDefinitions } from '@keywell/demo/stand-ins'
import {
  createSandbox,
  createStandIns,
  type SandboxControl,
  type StandIns,
  sandboxControl,
} from '@keywell/sandbox'
import { Keywell } from '@keywell/sdk'
import type { TestDatabase } from './inspected.ts'
import { createStage, listen, registerGitLab, type Stage } from './stage.ts'

/** What Acme may ask for at most, as `npm start` registers it. */
const scopes = ['read_api', 'read_user', 'write_repository', 'api']

/** All of it, as a user meets it: Acme on localhost, Keywell on 127.0.0.1, the stand-ins. */
export interface Product {
  stage: Stage
  /** A GitLab under a relative root, with an integration of its own. */
  selfManaged: { url: string; control: SandboxControl }
  /** For the other providers. */
  standIns: StandIns
  /** Where Acme is. */
  url: string
  /** Failures that the demo reported as its own, not as its user's. */
  failures: unknown[]
  stop(): Promise<void>
}

/** @param assets - Acme's page, where it is built already. */
export async function createProduct(database: TestDatabase, assets?: string): Promise<Product> {
  const page = assets ?? (await buildPage())
  const own = await createSandbox({ host: 'localhost', relativeRoot: '/gitlab' })
  const selfManaged = { url: own.url, control: sandboxControl(own.controlUrl) }
  const standIns = await createStandIns()
  const { server, url } = await listen(() => demo, 'localhost')
  const stage = await createStage(database, {
    sandboxHost: 'localhost',
    connectUrl: `${url}/settings/integrations`,
    approvalUrl: `${url}/api/keywell/approve`,
    scopes,
    privateHosts: [new URL(own.url).origin, ...Object.values(standIns.urls)].map((origin) => ({
      origin,
    })),
    // In place of those of the catalogue.
    providers: standInDefinitions(standIns.urls),
  })
  await registerGitLab(stage, selfManaged, { scopes })
  const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
  await registerApps(
    keywell,
    appsAt({ standIns: standIns.urls, standInsControlUrl: standIns.controlUrl }),
  )
  keywell.close()
  const failures: unknown[] = []
  const demo = createDemo({
    keywellUrl: stage.url,
    apiKey: stage.apiKey,
    origin: url,
    assets: page,
    gitlabHost: stage.sandbox.url,
    selfManagedHost: selfManaged.url,
    now: Date.now,
    randomBytes,
    onError: (error) => failures.push(error),
  })
  return {
    stage,
    selfManaged,
    standIns,
    url,
    failures,
    async stop() {
      demo.close()
      server.closeAllConnections()
      server.close()
      await stage.stop()
      await own.stop()
      await standIns.stop()
    },
  }
}

/** As it ships, in a process of its own: the test runner's NODE_ENV would make a development build. */
export async function buildPage(): Promise<string> {
  const outDir = join(mkdtempSync(join(tmpdir(), 'keywell-demo-')), 'public')
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  await promisify(execFile)(
    process.execPath,
    [vite, 'build', 'apps/demo', '--outDir', outDir, '--emptyOutDir', '--logLevel', 'error'],
    { cwd: root, env: { PATH: process.env.PATH, NODE_ENV: 'production' } },
  )
  return outDir
}
