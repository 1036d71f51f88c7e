/** `npm run tool-pages`: writes a page for each group of tools from their definitions. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../packaging/run.ts'
import { toolPages } from './tools.ts'

for (const [path, text] of toolPages()) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
