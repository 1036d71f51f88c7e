import { brotliCompressSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'

/** Of a page's code and stylesheet, minified, compressed with brotli, React left out. In bytes. */
export interface Weight {
  /** What the first paint waits for: all that is imported statically. */
  readonly first: number
  /** That, and all that it imports later. */
  readonly all: number
}

/**
 * Weighs what an app downloads for a module, as a bundler would write it for production.
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
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder },
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
    conditions: ['@keywell/source', 'module'],
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['react', 'react-dom', 'react/*', 'react-dom/*'],
    plugins,
  })
  return outputFiles.reduce((sum, { contents }) => sum + brotliCompressSync(contents).length, 0)
}

const importedLater: Plugin = {
  name: 'imported later',
  setup(bundler) {
    bundler.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    )
  },
}
