import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { providers, readDefinition } from '@keywell/providers'
import { expect, onTestFinished, test } from 'vitest'
import { writeDefinitions } from './definitions.ts'
import { makePlan } from './plan.ts'

function written() {
  const home = mkdtempSync(join(tmpdir(), 'demo-definitions-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  const plan = makePlan('/keywell', { KEYWELL_HOME: home })
  writeDefinitions(plan)
  const files = readdirSync(plan.providersDir).sort()
  const texts = files.map((file) => readFileSync(join(plan.providersDir, file), 'utf8'))
  return { plan, files, texts }
}

test('every provider of the catalogue but GitLab is written for its stand-in, as the service takes it', () => {
  const { files, texts } = written()
  const others = providers.map(({ name }) => name).filter((name) => name !== 'gitlab')
  expect(files).toEqual(others.map((name) => `${name}.json`).sort())
  for (const text of texts) {
    expect(readDefinition(Buffer.from(text))).toHaveProperty('definition')
  }
})

test('none of them leads anywhere else', () => {
  const { plan, texts } = written()
  for (const text of texts) {
    const { name, documentationUrl: _, ...rest } = JSON.parse(text)
    const origin = plan.standIns[name as keyof typeof plan.standIns]
    const addresses = JSON.stringify(rest).match(/https?:\/\/[^"\s]*/g) ?? []
    expect(addresses.length).toBeGreaterThan(0)
    // `https://api.{web.hostname}` is for servers of one's own.
    const elsewhere = addresses.filter(
      (url) => !url.startsWith(origin) && !url.includes('hostname}'),
    )
    expect([name, elsewhere]).toEqual([name, []])
  }
})
