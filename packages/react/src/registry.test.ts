// @vitest-environment node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { registryItemSchema, registrySchema } from 'shadcn/schema'
import { expect, it } from 'vitest'
import { createRegistry, registryFolder } from '../scripts/registry.ts'

it('the items are those of their sources: else run `npm run registry -w packages/react`', () => {
  const files = createRegistry()
  for (const [name, text] of files) {
    const kept: unknown = JSON.parse(readFileSync(join(registryFolder, name), 'utf8'))
    expect(kept, name).toEqual(JSON.parse(text))
  }
  const { 'registry.json': catalogue, ...items } = Object.fromEntries(files)
  registrySchema.parse(JSON.parse(catalogue ?? ''))
  for (const item of Object.values(items)) registryItemSchema.parse(JSON.parse(item))
  expect(Object.keys(items)).toHaveLength(2)
})
