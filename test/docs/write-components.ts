/** `npm run components`: writes the page of components from their source. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSources } from '../architecture/source.ts'
import { root } from '../packaging/run.ts'
import { componentsPage } from './components.ts'

const css = readFileSync(join(root, 'packages/react/src/styles.css'), 'utf8')
const page = componentsPage(readSources(root), css)
writeFileSync(join(root, 'apps/docs/reference/components.md'), page)
