// @vitest-environment node
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { expect, it } from 'vitest'

/** Bundles a module that imports this from our source, as an app would; answers code and modules. */
async function bundle(code: string): Promise<{ code: string; modules: string[] }> {
  const entry = 'virtual:entry'
  const answer = await build({
    configFile: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': JSON.stringify('production') },
    root: fileURLToPath(new URL('.', import.meta.url)),
    resolve: { conditions: ['@keywell/source'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? `${import.meta.dirname}/entry.js` : undefined),
        load: (id) => (id.endsWith('/entry.js') ? code : undefined),
      },
    ],
    build: {
      write: false,
      rollupOptions: {
        input: entry,
        external: [/^react/],
        preserveEntrySignatures: 'strict',
      },
    },
  })
  const outputs = [answer].flat().flatMap((one) => ('output' in one ? one.output : []))
  const chunks = outputs.flatMap((output) => (output.type === 'chunk' ? [output] : []))
  return {
    code: chunks.map((chunk) => chunk.code).join(''),
    modules: chunks.flatMap((chunk) => chunk.moduleIds),
  }
}

/** Of protocol, only the planner and the choice of scopes run in a browser. */
const isValidator = (module: string) =>
  /\/(zod|protocol)\//.test(module) &&
  !/\/protocol\/src\/(scope-choice|scope-plan|scopes)\.ts$/.test(module)

it('brings no validator to the browser: protocol is there for its types and its planner', async () => {
  const { code, modules } = await bundle(
    `export * from './index.ts'; export * from './core/index.ts'`,
  )
  expect(code).toContain('aria-busy')
  expect(modules.length).toBeGreaterThan(10)
  expect(modules.filter(isValidator)).toEqual([])
})

it('would notice one', async () => {
  const { modules } = await bundle(`export { connectionSchema } from '@keywell/protocol'`)
  expect(modules.filter(isValidator)).not.toEqual([])
})

it('drops the checks of props from a production build', async () => {
  const { code } = await bundle(`export { ConnectButton } from './index.ts'`)
  expect(code).not.toContain('needs a provider')
})

it('lets a server import the element, which then defines nothing', async () => {
  expect(globalThis).not.toHaveProperty('HTMLElement')
  const { KeywellConnectElement } = await import('./element/index.ts')
  expect(KeywellConnectElement.observedAttributes).toContain('provider')
})
