import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { transform } from 'lightningcss'
import { type Plugin, rolldown } from 'rolldown'

/** Of a page's code and stylesheet, minified, compressed with brotli, React left out. In bytes. */
export interface Weight {
  /** What the first paint waits for: all that is imported statically. */
  readonly first: number
  /** That, and all that it imports later. */
  readonly all: number
}

/**
 * Weighs what an app downloads for a module, as Vite writes it for production: with its bundler, and without the loader
 * of late code, which an app has once for all that it imports late.
 *
 * @param folder where its imports are looked for
 */
export async function weigh(folder: string, code: string): Promise<Weight> {
  return {
    first: await bytesOf(folder, code, [importedLater]),
    all: await bytesOf(folder, code, []),
  }
}

async function bytesOf(folder: string, code: string, plugins: Plugin[]): Promise<number> {
  const styles: string[] = []
  const entry = join(folder, 'page.js')
  const page: Plugin = {
    name: 'page',
    resolveId: (id) => (id === entry ? id : null),
    load: (id) => (id === entry ? code : null),
  }
  const bundle = await rolldown({
    input: entry,
    external: /^react(-dom)?(\/|$)/,
    resolve: { conditionNames: ['@keywell/source', 'import', 'module', 'browser', 'default'] },
    transform: { define: { 'process.env.NODE_ENV': '"production"' }, target: 'es2022' },
    plugins: [page, stylesheets(styles), ...plugins],
    tsconfig: false,
    logLevel: 'silent',
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true, codeSplitting: false })
  await bundle.close()
  const texts = [...styles, ...output.flatMap((part) => (part.type === 'chunk' ? [part.code] : []))]
  return texts.reduce((sum, text) => sum + brotliCompressSync(text).length, 0)
}

const importedLater: Plugin = {
  name: 'imported later',
  resolveId: (id, _, { kind }) => (kind === 'dynamic-import' ? { id, external: true } : null),
}

/** A stylesheet is a file of its own. */
function stylesheets(found: string[]): Plugin {
  return {
    name: 'stylesheets',
    load: {
      filter: { id: /\.css$/ },
      async handler(id) {
        const { code } = transform({ filename: id, code: await readFile(id), minify: true })
        found.push(new TextDecoder().decode(code))
        return { code: '', moduleType: 'js' }
      },
    },
  }
}
