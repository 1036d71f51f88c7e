import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { runnableText } from '../../../test/support/runnable.ts'
import { apiKey, StandInService } from './testing/stand-in-service.ts'

const run = promisify(execFile)
const script = `
  import { Keywell } from '@keywell/sdk'
  const keywell = new Keywell()
  const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }
  const { generation } = await keywell.getCredential(query)
  await new Promise((resolve) => setTimeout(resolve, 300)) // the stream is up by now
  process.stdout.write('generation ' + generation)
`

test('a script that reads one credential ends by itself, without close', async () => {
  const service = await new StandInService().start()
  try {
    service.connect()
    const { flags, main, cwd } = runnableText(script)
    const env = { ...process.env, KEYWELL_URL: service.url, KEYWELL_API_KEY: apiKey }
    const { stdout } = await run(process.execPath, [...flags, main], {
      cwd,
      env,
      timeout: 20_000,
    })
    expect(stdout).toBe('generation 1')
    expect(service.calls).toContain('GET /v1/changes')
  } finally {
    await service.stop()
  }
})
