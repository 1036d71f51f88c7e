import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runnable } from '../../../test/support/runnable.ts'
import { createSandbox, faults, sandboxControl, sandboxPassword, sandboxVisitor } from './index.ts'
import { callback, read, startStage } from './stage.test.support.ts'

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'sandbox.json')
}

describe('with a data file', () => {
  test('what was there before a restart is there after it', async () => {
    const dataFile = temporaryFile()
    const before = await startStage({ dataFile })
    const old = await before.issue()
    const { body: pair } = await before.refresh(old.refreshToken)
    const back = await before.visitor().authorize(before.authorizeUrl({ scope: 'read_user' }))
    await before.sandbox.stop()

    const after = await createSandbox({ dataFile, clock: () => Date.parse('2026-03-01T10:01:00Z') })
    onTestFinished(() => after.stop())
    const [application] = await sandboxControl(after.controlUrl).applications()
    expect(application).toEqual(before.application)
    const post = async (form: Record<string, string>) => {
      const body = new URLSearchParams({
        client_id: before.application.clientId,
        client_secret: before.application.clientSecret,
        ...form,
      })
      return await read(await fetch(`${after.url}/oauth/token`, { method: 'POST', body }))
    }
    const refresh = { grant_type: 'refresh_token' }
    expect((await post({ ...refresh, refresh_token: old.refreshToken ?? '' })).status).toBe(400)
    expect((await post({ ...refresh, refresh_token: String(pair.refresh_token) })).status).toBe(200)
    const code = back.searchParams.get('code') ?? ''
    const exchanged = await post({
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback,
    })
    expect(exchanged.status).toBe(200)
  })

  test('a rotation is written before its answer is lost', async () => {
    const dataFile = temporaryFile()
    const stage = await startStage({ dataFile })
    const { refreshToken } = await stage.issue()
    await stage.control.addFault(faults.dropAfterRotation())
    await expect(stage.refresh(refreshToken)).rejects.toThrow()
    const { tokens } = JSON.parse(readFileSync(dataFile, 'utf8'))
    expect(tokens).toHaveLength(2)
  })

  test('only its owner can read it', async () => {
    const dataFile = temporaryFile()
    await startStage({ dataFile })
    expect(statSync(dataFile).mode & 0o777).toBe(0o600)
  })

  test.each(['', '{', '[]', '{"version":2}', '{"version":1}'])(
    'a file that is none is refused and kept: %s',
    async (content) => {
      const dataFile = temporaryFile()
      writeFileSync(dataFile, content)
      await expect(createSandbox({ dataFile })).rejects.toThrow(/not a data file of this sandbox/)
      expect(readFileSync(dataFile, 'utf8')).toBe(content)
    },
  )
})

describe('options', () => {
  test('starts fast', async () => {
    const start = performance.now()
    const sandbox = await createSandbox()
    expect(performance.now() - start).toBeLessThan(1_500)
    await sandbox.stop()
  })

  test.each(['gitlab', '/gitlab', 'gitlab/', '/gitlab/'])('relative root %s', async (root) => {
    const stage = await startStage({ relativeRoot: root })
    expect(stage.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/gitlab$/)
    const { body } = await stage.get('/.well-known/openid-configuration')
    expect(body).toMatchObject({ issuer: stage.url, token_endpoint: `${stage.url}/oauth/token` })
    expect((await stage.get('/api/v4/user', (await stage.issue()).accessToken)).status).toBe(200)
    const outside = await fetch(`${new URL(stage.url).origin}/oauth/token`, { method: 'POST' })
    expect(outside.status).toBe(404)
  })

  test('clients get the public URL', async () => {
    const stage = await startStage({ publicUrl: 'https://gitlab.example/sub/' })
    expect(stage.url).toBe('https://gitlab.example/sub')
  })

  test('people and applications of one’s own', async () => {
    const sandbox = await createSandbox({
      users: [{ username: 'noor', password: 'open sesame' }],
      applications: [{ name: 'A', clientId: 'a', clientSecret: 'b', redirectUris: [callback] }],
    })
    onTestFinished(() => sandbox.stop())
    const query = new URLSearchParams({
      client_id: 'a',
      redirect_uri: callback,
      response_type: 'code',
    })
    const url = `${sandbox.url}/oauth/authorize?${query}`
    const noor = sandboxVisitor({ username: 'noor', password: 'open sesame' })
    expect((await noor.authorize(url)).searchParams.has('code')).toBe(true)
    const ada = sandboxVisitor({ username: 'ada', password: sandboxPassword })
    await expect(ada.authorize(url)).rejects.toThrow(/do not belong together/)
  })

  test.each([
    ['a relative root with a space', { relativeRoot: 'my gitlab' }],
    ['a username with a space', { users: [{ username: 'a b' }] }],
    ['a bad redirect URI', { applications: [{ name: 'A', redirectUris: ['x'] }] }],
    ['a bad public URL', { publicUrl: 'gitlab' }],
  ])('%s is refused', async (_, options) => {
    await expect(createSandbox(options)).rejects.toThrow()
  })

  test('a port that is taken is refused, and nothing stays open', async () => {
    const stage = await startStage()
    const taken = Number(new URL(stage.url).port)
    await expect(createSandbox({ port: taken })).rejects.toThrow(/EADDRINUSE/)
    await expect(createSandbox({ controlPort: taken })).rejects.toThrow(/EADDRINUSE/)
  })
})

const portNames = [
  'SANDBOX_PORT',
  'SELF_MANAGED_PORT',
  'GITHUB_PORT',
  'BITBUCKET_PORT',
  'AZURE_DEVOPS_PORT',
  'BUILDKITE_PORT',
  'ALGOLIA_PORT',
]
const titles = ['GitLab', 'GitLab', 'GitHub', 'Bitbucket', 'Microsoft', 'Buildkite', 'Algolia']

describe('the program', () => {
  function start(environment: Record<string, string>): ChildProcess {
    const root = fileURLToPath(new URL('../../..', import.meta.url))
    const { flags, main } = runnable(fileURLToPath(new URL('./main.ts', import.meta.url)))
    const child = spawn(process.execPath, [...flags, main], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'says where each stand-in is, serves, and ends on %s',
    async (signal) => {
      const ports = Object.fromEntries(portNames.map((name) => [name, '0']))
      const child = start({ ...ports, SANDBOX_DATA_DIR: dirname(temporaryFile()) })
      if (child.stdout === null) throw new Error('no output to read')
      const lines: string[] = []
      const reader = createInterface(child.stdout).on('line', (line) => lines.push(line))
      while (lines.length < titles.length) await once(reader, 'line')
      for (const [index, title] of titles.entries()) {
        const [url = ''] = lines[index]?.match(/http:\/\/\S+/) ?? []
        expect(await (await fetch(url)).text()).toContain(`A stand-in for ${title}`)
      }
      child.kill(signal)
      expect(await once(child, 'exit')).toEqual([0, null])
      expect(lines).toHaveLength(titles.length)
    },
  )

  test('a setting that makes no sense is named', async () => {
    const child = start({ SANDBOX_PORT: 'many' })
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    expect(await once(child, 'close')).toEqual([1, null])
    expect(said).toContain('SANDBOX_PORT')
  })
})
