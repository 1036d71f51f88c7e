/** Apps that mount the connect handler as the SDK's page shows it, each in its framework: its very blocks run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { dirname, join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { Keywell, type SignedIn } from '@keywell/sdk'
import { toExpressHandler } from '@keywell/sdk/express'
import { toFastifyHandler } from '@keywell/sdk/fastify'
import { toHonoHandler } from '@keywell/sdk/hono'
import { toNodeHandler } from '@keywell/sdk/node'
import express from 'express'
import createFastify from 'fastify'
import { Hono } from 'hono'
import { build, transformWithOxc } from 'vite'
import { inject } from 'vitest'
import { root, run } from '../packaging/run.ts'
import { readBlocks } from '../readme/blocks.ts'
import { freePort } from './free-port.ts'
import { copyWorkspace } from './stripped.ts'
import { until } from './until.ts'

export interface AppSettings {
  /** Of the Keywell service. */
  readonly url: string
  readonly apiKey: string
  /** Whose users its users are; a cookie `user` says who is signed in. */
  readonly tenantId: string
}

export interface DocumentedApp {
  readonly port: number
  /** Both are configured as `appOrigin` of the SDK; the app is given neither in another way. */
  readonly origin: string
  readonly otherOrigin: string
  stop(): Promise<void>
}

export type StartApp = (settings: AppSettings) => Promise<DocumentedApp>

const guide = 'apps/docs/guide/backend.md'

/** The text of a block of the guide, by how its first line begins. */
function blockOf(name: string): string {
  const blocks = readBlocks(guide, readFileSync(join(root, guide), 'utf8'))
  const block = blocks.find(({ text }) => text.startsWith(`// ${name}`))
  if (block === undefined) throw new Error(`${guide} shows nothing for ${name}`)
  return block.text
}

/** Runs a block whose imports and free names are given. */
function runBlock(name: string, scope: Record<string, unknown>): void {
  const code = blockOf(name).replaceAll(/^import .*$/gm, '')
  new Function(...Object.keys(scope), code)(...Object.values(scope))
}

const originsAt = (port: number) => ({
  origin: `http://app.localhost:${port}`,
  otherOrigin: `http://second.localhost:${port}`,
})

const userIn = (cookie: string | null | undefined) => /\buser=(\w+)/.exec(cookie ?? '')?.[1]

/** In this process: `mount` has the block run, and answers what listens at the port. */
async function startHere(
  { url, apiKey, tenantId }: AppSettings,
  mount: (scope: {
    keywell: Keywell
    signedIn: (request: { headers: IncomingMessage['headers'] | Headers }) => SignedIn | null
    port: number
  }) => Promise<Server>,
): Promise<DocumentedApp> {
  const port = await freePort()
  const { origin, otherOrigin } = originsAt(port)
  const keywell = new Keywell({ url, apiKey, appOrigin: [origin, otherOrigin] })
  const signedIn = ({ headers }: { headers: IncomingMessage['headers'] | Headers }) => {
    const userId = userIn(headers instanceof Headers ? headers.get('cookie') : headers.cookie)
    return userId === undefined ? null : { tenantId, userId }
  }
  const server = await mount({ keywell, signedIn, port })
  if (!server.listening) await once(server, 'listening')
  return {
    port,
    origin,
    otherOrigin,
    async stop() {
      keywell.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

const startNode: StartApp = (settings) =>
  startHere(settings, async ({ port, ...scope }) => {
    let server: Server | undefined
    const made = (...listener: Parameters<typeof createServer>) => {
      server = createServer(...listener)
      return server
    }
    runBlock('node:http', {
      ...scope,
      toNodeHandler,
      createServer: made,
      process: { env: { PORT: port } },
    })
    if (server === undefined) throw new Error('the block made no server')
    return server
  })

const startExpress: StartApp = (settings) =>
  startHere(settings, async ({ port, ...scope }) => {
    const app = express()
    app.use(express.json(), express.urlencoded({ extended: false }))
    runBlock('Express', { ...scope, toExpressHandler, app })
    app.get('/', (_, response) => void response.send('app'))
    return app.listen(port)
  })

const startFastify: StartApp = (settings) =>
  startHere(settings, async ({ port, ...scope }) => {
    const fastify = createFastify()
    runBlock('Fastify', { ...scope, toFastifyHandler, fastify })
    fastify.get('/', async () => 'app')
    await fastify.listen({ port, host: '127.0.0.1' })
    return fastify.server
  })

const startHono: StartApp = (settings) =>
  startHere(settings, async ({ port, ...scope }) => {
    const hono = new Hono()
    runBlock('Hono', { ...scope, toHonoHandler, hono })
    hono.get('/', (c) => c.text('app'))
    return createServer(getRequestListener(hono.fetch)).listen(port)
  })

/** `next build`, which takes a while, once for a run, and `next start` for each app. The page of the kit is at `/kit`. */
export async function buildNext(): Promise<{ start: StartApp }> {
  const builtOnce = inject('builtOnce')
  const folder = join(builtOnce, 'next')
  if (!existsSync(folder)) {
    const unfinished = mkdtempSync(join(builtOnce, 'unfinished-'))
    await buildNextIn(unfinished)
    try {
      renameSync(unfinished, folder)
    } catch (error) {
      // Another file was faster: its folder is complete, since it got its name by a rename too.
      if (!existsSync(folder)) throw error
    }
  }
  return { start: (settings) => startNext(folder, settings) }
}

const next = join(root, 'node_modules/next/dist/bin/next')
/** The kit, and what it imports. */
const kitPackages = ['protocol', 'providers', 'react']
const kitPage = 'test/e2e/pages/kit.tsx'

async function buildNextIn(folder: string): Promise<void> {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write('package.json', '{ "private": true }')
  for (const name of ['next', 'react', 'react-dom', 'zod']) {
    mkdirSync(join(folder, 'node_modules'), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  await packSdk(join(folder, 'node_modules/@keywell/sdk'))
  for (const name of kitPackages) await packSources(name, folder)
  write(
    'app/layout.js',
    `export const metadata = { title: 'App' }
    export default ({ children }) => <html lang="en"><body>{children}</body></html>`,
  )
  write('app/page.js', 'export default function Page() { return <p>app</p> }')
  write(
    'session.js',
    `export async function signedIn(request) {
      const cookie = request.headers.get('cookie') ?? ''
      const userId = /\\buser=(\\w+)/.exec(cookie)?.[1]
      return { tenantId: process.env.TENANT, userId, methods: ['oauth', 'key'] }
    }`,
  )
  const route = await transformWithOxc(blockOf('Next'), 'route.ts')
  write(
    'app/api/keywell/[...path]/route.js',
    `import { signedIn } from '../../../../session'\n${route.code}`,
  )
  // Rendered on the server for each request; the provider stands in a server component.
  write(
    'app/kit/page.js',
    `import { KeywellProvider } from '@keywell/react'
    import '@keywell/react/styles.css'
    import { Kit } from './kit'
    export const dynamic = 'force-dynamic'
    export default function Page() {
      return <KeywellProvider><main><h1>Accounts</h1><Kit /></main></KeywellProvider>
    }`,
  )
  const kit = await transformWithOxc(readFileSync(join(root, kitPage), 'utf8'), 'kit.tsx', {
    jsx: { runtime: 'automatic', development: false },
  })
  write('app/kit/kit.js', kit.code)
  // Webpack: it follows links out of the folder.
  const built = await run(process.execPath, [next, 'build', '--webpack'], folder)
  if (built.code !== 0) throw new Error(`next build: ${built.output}`)
  rmSync(join(folder, '.next/cache'), { recursive: true, force: true })
}

/** A package as JavaScript, file by file, as npm has it. */
async function packSources(name: string, folder: string): Promise<void> {
  const target = join(folder, 'node_modules/@keywell', name)
  await copyWorkspace(join(root, 'packages', name), target)
  const manifest = join(target, 'package.json')
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll('./dist/', './src/'))
}

/** The SDK as a package of JavaScript, as npm has it. */
async function packSdk(folder: string): Promise<void> {
  const conditions = ['@keywell/source', 'node', 'module']
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { conditions },
    ssr: { noExternal: true, resolve: { conditions } },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: true,
      rollupOptions: {
        input: {
          index: join(root, 'packages/sdk/src/index.ts'),
          next: join(root, 'packages/sdk/src/next.ts'),
        },
      },
    },
  })
  const exports = { '.': './index.js', './next': './next.js' }
  const manifest = { name: '@keywell/sdk', type: 'module', exports }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
}

async function startNext(
  folder: string,
  { url, apiKey, tenantId }: AppSettings,
): Promise<DocumentedApp> {
  const port = await freePort()
  const { origin, otherOrigin } = originsAt(port)
  const child: ChildProcess = spawn(process.execPath, [next, 'start', '--port', String(port)], {
    cwd: folder,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      KEYWELL_URL: url,
      KEYWELL_API_KEY: apiKey,
      KEYWELL_APP_ORIGIN: `${origin}, ${otherOrigin}`,
      TENANT: tenantId,
    },
  })
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      ({ ok }) => ok,
      () => false,
    )
  await until('Next answers', ready)
  return {
    port,
    origin,
    otherOrigin,
    async stop() {
      child.kill()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

export const startDocumented = {
  'node:http': startNode,
  Express: startExpress,
  Fastify: startFastify,
  Hono: startHono,
} as const satisfies Record<string, StartApp>
