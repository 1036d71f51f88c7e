import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

export default defineConfig(({ command }) => ({
  root: import.meta.dirname,
  plugins: [react()],
  resolve: { conditions: ['@keywell/source', ...defaultClientConditions] },
  // A NODE_ENV that happens to be set would otherwise make it React's development build.
  ...(command === 'build' && { define: { 'process.env.NODE_ENV': '"production"' } }),
  build: {
    // Beside the output of `tsc`, which never writes a folder of this name.
    outDir: 'dist/public',
    emptyOutDir: true,
    // The page's content security policy allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: ['index.html', 'gallery.html'].map((page) => join(import.meta.dirname, page)),
    },
  },
}))
