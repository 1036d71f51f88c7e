/** `npm run provider-pages`: writes a page for each provider from its definition. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { providers } from '@keywell/providers'
import { root } from '../packaging/run.ts'
import { providerPages } from './providers.ts'

for (const [path, text] of providerPages(providers)) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
