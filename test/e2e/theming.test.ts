import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import tailwind from '@tailwindcss/vite'
import type { Browser, Page } from 'playwright-core'
import { build, defaultClientConditions } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root, run } from '../packaging/run.ts'
import { type Block, readBlocks } from '../readme/blocks.ts'
import { expectAccessible } from '../support/accessible.ts'
import { launchBrowser } from '../support/browser.ts'
import { verifies } from '../support/verifies.ts'

// What the guide says of Tailwind and shadcn, in small apps that a test makes and a browser opens.

const guide = readBlocks(
  'theming.md',
  readFileSync(join(root, 'apps/docs/guide/theming.md'), 'utf8'),
)

function blockOf(language: string, holding: string): Block {
  const found = guide.find((block) => block.language === language && block.text.includes(holding))
  if (!found) throw new Error(`The guide shows no ${language} with ${holding}.`)
  return found
}

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

/** An empty app of Vite and Tailwind, with all that this repository has installed. */
function createApp(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'keywell-theming-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const all = {
    'index.html':
      '<!doctype html><html lang="en"><title>App</title><main id="root"></main><script type="module" src="/src/main.tsx"></script></html>',
    ...files,
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

/** The page of an app, by path. */
async function built(folder: string): Promise<Map<string, string>> {
  const output = await build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    mode: 'production',
    plugins: [tailwind()],
    // The test runner's NODE_ENV would make it React's development build.
    oxc: { jsx: { runtime: 'automatic', development: false } },
    define: { 'process.env.NODE_ENV': '"production"' },
    resolve: {
      conditions: ['@keywell/source', ...defaultClientConditions],
      alias: { '@': join(folder, 'src') },
      preserveSymlinks: false,
    },
    build: { write: false },
  })
  const files = [output].flat().flatMap((one) => ('output' in one ? one.output : []))
  return new Map(
    files.map((file) => [
      `/${file.fileName}`,
      file.type === 'asset' ? String(file.source) : file.code,
    ]),
  )
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
}

/** Opens an app whose user has connected nothing. It is served by the browser's own side, under a strict policy. */
async function open(files: ReadonlyMap<string, string>, scheme: 'light' | 'dark'): Promise<Page> {
  const context = await browser.newContext({ colorScheme: scheme })
  const page = await context.newPage()
  page.on('pageerror', (error) => {
    throw error
  })
  await page.route('**/*', (route) => {
    const { pathname } = new URL(route.request().url())
    if (pathname.endsWith('/connections')) {
      return route.fulfill({ json: { connections: [], nextCursor: null } })
    }
    const path = pathname === '/' ? '/index.html' : pathname
    const body = files.get(path)
    if (body === undefined) return route.fulfill({ status: 404 })
    const contentType = types[path.split('.').at(-1) ?? ''] ?? 'text/plain'
    const headers = { 'content-security-policy': "default-src 'self'" }
    return route.fulfill({ body, contentType, headers })
  })
  await page.goto('http://localhost/')
  return page
}

async function leave(page: Page, name: string): Promise<void> {
  const folder = process.env.KEYWELL_PICTURES
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })
}

const styleOf = (page: Page, selector: string, properties: readonly string[]) =>
  page.locator(selector).evaluate(
    (element, names) => {
      const style = getComputedStyle(element)
      return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name)]))
    },
    [...properties],
  )

const mainWith = (classNames: string) => `
  import { createRoot } from 'react-dom/client'
  import { ConnectButton, KeywellProvider } from '@keywell/react'
  import './app.css'
  const classNames = ${classNames}
  createRoot(document.getElementById('root')!).render(
    <KeywellProvider classNames={classNames}>
      <ConnectButton provider="gitlab" className="mt-12" />
    </KeywellProvider>,
  )`

verifies.suite('theming:tailwind', () => {
  const looks = ['border-top-left-radius', 'background-color', 'padding-left', 'margin-top']
  const buttonIn = async (css: string) => {
    const main = mainWith(`{ button: 'px-[33px]' }`)
    const files = await built(createApp({ 'src/main.tsx': main, 'src/app.css': css }))
    const page = await open(files, 'light')
    await page.locator('[data-keywell-button]:not([data-loading])').waitFor()
    const style = await styleOf(page, '[data-keywell-button]', looks)
    await page.context().close()
    return style
  }
  const shown = blockOf('css', '@import "tailwindcss"').text

  test('in the order of the guide, the stylesheet has its looks and classes win', async () => {
    const style = await buttonIn(shown)
    expect(style).toMatchObject({
      'border-top-left-radius': '8px',
      'padding-left': '33px',
      'margin-top': '48px',
    })
    expect(style['background-color']).not.toBe('rgba(0, 0, 0, 0)')
  })

  test('in another order, one of the two is lost', async () => {
    const [, ...imports] = shown.split('\n')
    expect((await buttonIn(imports.join('\n')))['padding-left']).toBe('14px')
    expect((await buttonIn(imports.reverse().join('\n')))['border-top-left-radius']).toBe('0px')
  })
})

/** As `npx shadcn init` leaves an app: settings, the helper, and a theme. A base colour would be fetched from its site. */
const shadcnApp = {
  'package.json': JSON.stringify({ name: 'app', type: 'module', dependencies: {} }),
  'components.json': JSON.stringify({
    $schema: 'https://ui.shadcn.com/schema.json',
    style: 'new-york',
    rsc: true,
    tsx: true,
    tailwind: { config: '', css: 'src/app.css', baseColor: '', cssVariables: true },
    aliases: { components: '@/components', utils: '@/lib/utils', ui: '@/components/ui' },
  }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'es2023',
      lib: ['es2023', 'dom', 'dom.iterable'],
      module: 'esnext',
      moduleResolution: 'bundler',
      customConditions: ['@keywell/source'],
      allowImportingTsExtensions: true,
      jsx: 'react-jsx',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
      paths: { '@/*': ['./src/*'] },
    },
    include: ['src/components'],
  }),
  'vite.config.ts': 'export default {}',
  'src/app.css': `@import "tailwindcss";
@custom-variant dark (@media (prefers-color-scheme: dark));
:root {
  color-scheme: light dark;
  --background: light-dark(#fff, #0a0a0a); --foreground: light-dark(#0a0a0a, #fafafa);
  --card: light-dark(#fff, #171717); --card-foreground: var(--foreground);
  --primary: light-dark(#4a1d96, #c4b5fd); --primary-foreground: light-dark(#fff, #1e1b4b);
  --muted: light-dark(#f5f5f5, #262626); --muted-foreground: light-dark(#636363, #a3a3a3);
  --accent: var(--muted); --accent-foreground: var(--foreground);
  --destructive: light-dark(#c10007, #ff8080); --border: light-dark(#e5e5e5, #3f3f3f);
  --input: var(--border); --ring: #8b8b8b;
}
@theme inline {
  --color-background: var(--background); --color-foreground: var(--foreground);
  --color-card: var(--card); --color-card-foreground: var(--card-foreground);
  --color-primary: var(--primary); --color-primary-foreground: var(--primary-foreground);
  --color-muted: var(--muted); --color-muted-foreground: var(--muted-foreground);
  --color-accent: var(--accent); --color-accent-foreground: var(--accent-foreground);
  --color-destructive: var(--destructive); --color-border: var(--border);
  --color-input: var(--input); --color-ring: var(--ring);
}
@layer base { * { border-color: var(--border) } body { background: var(--background); color: var(--foreground); padding: 1rem } }
`,
  'src/lib/utils.ts': 'export const cn = (...names: string[]) => names.join(" ")\n',
  'src/main.tsx': `
    import { createRoot } from 'react-dom/client'
    import { ConnectButton, HostField, KeywellProvider } from '@/components/keywell'
    import { IntegrationCard } from '@/components/integration-card'
    import './app.css'
    createRoot(document.getElementById('root')!).render(
      <KeywellProvider>
        <h1>Settings</h1>
        <h2>Integrations</h2>
        <IntegrationCard provider="gitlab" title="GitLab" description="Projects and issues" />
        <p className="mt-6"><ConnectButton provider="gitlab" className="primary" /></p>
        <div className="mt-6"><HostField provider="gitlab" /></div>
      </KeywellProvider>,
    )`,
}

/**
 * Runs the command of the guide in an app. The package is published nowhere, and a test calls no registry: `npm` is one
 * that writes down what it is asked for.
 */
async function addFromRegistry(folder: string): Promise<{ output: string; installed: string }> {
  const bin = join(folder, 'bin')
  const log = join(folder, 'npm.log')
  mkdirSync(bin)
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "$@" >> '${log}'\n`, { mode: 0o755 })
  const [, , verb = '', path = ''] = blockOf('bash', 'shadcn add').text.trim().split(' ')
  const shadcn = createRequire(import.meta.url).resolve('shadcn')
  const env = [`PATH=${[bin, process.env.PATH].join(delimiter)}`, `HOME=${folder}`]
  const args = [...env, process.execPath, shadcn, verb, path, '--yes']
  const { code, output } = await run('env', args, folder)
  expect(code, output).toBe(0)
  return { output, installed: existsSync(log) ? readFileSync(log, 'utf8') : '' }
}

verifies.suite('theming:registry', () => {
  test('the command of the guide adds an item, which compiles and is shown', async () => {
    const folder = createApp(shadcnApp)
    const { installed } = await addFromRegistry(folder)
    expect(installed).toContain('@keywell/react')
    const source = join(root, 'apps/docs/registry/integration-card.tsx')
    const copied = readFileSync(join(folder, 'src/components/integration-card.tsx'), 'utf8')
    expect(copied.trim()).toBe(readFileSync(source, 'utf8').trim())
    expect(await run('tsc', ['-p', folder, '--pretty', 'false'], folder)).toEqual({
      code: 0,
      output: '',
    })
    const files = await built(folder)
    // --primary of the app.
    const primary = { light: 'rgb(74, 29, 150)', dark: 'rgb(196, 181, 253)' }
    for (const scheme of ['light', 'dark'] as const) {
      const page = await open(files, scheme)
      await page.getByRole('button', { name: 'Connect GitLab' }).first().waitFor()
      await page.getByText('Not connected').waitFor()
      const button = '.primary[data-state="idle"]:not([data-loading])'
      await expect
        .poll(() => styleOf(page, button, ['background-color']))
        .toEqual({ 'background-color': primary[scheme] })
      await expectAccessible(page, scheme)
      await leave(page, `registry-${scheme}`)
      await page.context().close()
    }
  }, 120_000)
})
