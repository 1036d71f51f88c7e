import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { root } from '../packaging/run.ts'
import { runnable } from '../support/runnable.ts'

// Speed is a figure and never a test; what is tested is that the figures are there.

const figure = z.strictObject({
  name: z.string(),
  value: z.number().nonnegative(),
  unit: z.string(),
  goal: z.number().nullable(),
  better: z.enum(['lower', 'higher']),
})

/** As `npm run bench` does. */
const bench = (...words: string[]) => {
  const { flags, main } = runnable(fileURLToPath(new URL('run.ts', import.meta.url)))
  return ended(process.execPath, [...flags, main, ...words])
}

async function ended(
  command: string,
  words: string[],
): Promise<{ code: number; out: string; err: string }> {
  const run = promisify(execFile)
  const env = { ...process.env, BENCH_ROUNDS: '1', npm_config_offline: 'true' }
  const options = { cwd: root, env }
  try {
    const { stdout, stderr } = await run(command, words, options)
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    return z
      .object({ code: z.number(), stdout: z.string(), stderr: z.string() })
      .transform(({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }))
      .parse(error)
  }
}

/** One line for each. */
const figuresIn = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => figure.parse(JSON.parse(line)))

describe('npm run bench', () => {
  test('prints the figures of the SDK, one line each', { timeout: 180_000 }, async () => {
    const { code, out, err } = await bench('sdk', '--json')
    expect(code, err).toBe(0)
    const figures = figuresIn(out)
    const names = figures.map(({ name }) => name).join('\n')
    for (const part of ['getCredential', 'getCredentialSync', 'uncached', 'cold read', '10,000']) {
      expect(names).toContain(part)
    }
  })

  test('prints the figures of a flood of streams', { timeout: 180_000 }, async () => {
    const { code, out, err } = await bench('streams', '--json')
    expect(code, err).toBe(0)
    const figures = figuresIn(out)
    const [open] = figures
    // Not speed: what is beyond the bound is refused, on any machine.
    expect(open).toMatchObject({ unit: 'streams', value: open?.goal })
    expect(figures.map(({ unit }) => unit)).toEqual(['streams', 'ms', 'x', 'x'])
  })

  test('prints the figures of the change stream', { timeout: 180_000 }, async () => {
    const { code, out, err } = await bench('push', '--json')
    expect(code, err).toBe(0)
    const figures = figuresIn(out)
    const names = figures.map(({ name }) => name).join('\n')
    for (const part of ['last of 50 SDK clients', 'more streams open', 'open stream', 'cut off']) {
      expect(names).toContain(part)
    }
  })

  test('prints the figures of refresh', { timeout: 180_000 }, async () => {
    const { code, out, err } = await bench('refresh', '--json')
    expect(code, err).toBe(0)
    const figures = figuresIn(out)
    const names = figures.map(({ name }) => name).join('\n')
    for (const part of ['1 replica', '2 replicas', 'lag', 'claim of 16', 'of a held host']) {
      expect(names).toContain(part)
    }
    // Not a matter of speed: without a fault no refresh token is sent twice.
    const calls = figures.find(({ name }) => name.startsWith('calls of the provider'))
    expect(calls?.value).toBe(1)
  })

  test('prints the figures of reads', { timeout: 180_000 }, async () => {
    const { code, out, err } = await bench('reads', '--json')
    expect(code, err).toBe(0)
    const figures = figuresIn(out)
    const names = figures.map(({ name }) => name).join('\n')
    for (const part of [
      'throughput',
      'per second',
      '1 at once, p50',
      '16 at once, p99',
      'entry and link',
      'write-ahead log of 1,000 reads',
    ]) {
      expect(`${names}\n${figures.map(({ unit }) => unit)}`).toContain(part)
    }
  })

  test('prints the figures of a million connections', { timeout: 180_000 }, async () => {
    const { code, out, err } = await bench('million', '--json')
    expect(code, err).toBe(0)
    const figures = figuresIn(out)
    const names = figures.map(({ name }) => name)
    const parts = ['claims', 'provider calls', 'lag of a claim, p99', 'write-ahead log']
    parts.push('growth of tables', 'growth of indexes', 'runs of autovacuum', 'memory of a replica')
    for (const phase of ['2 % in use', 'all in use']) {
      for (const part of parts) expect(names.join('\n')).toContain(`${phase}: ${part}`)
    }
    // Sealed by the bench, and opened by the service: reads that were refused would end it.
    expect(figures.find(({ name }) => name === 'all in use: reads')?.value).toBeGreaterThan(0)
    expect(err).toContain('all in use: 2 seconds of work begin')
  })

  test('prints what a user waits for after "Authorize"', { timeout: 180_000 }, async () => {
    // From the sources themselves, the page of the app among them.
    const words = ['run', '--silent', 'bench', '--', 'connect', '--json']
    const { code, out, err } = await ended('npm', words)
    expect(code, err).toBe(0)
    const figures = figuresIn(out)
    expect(figures).toHaveLength(3)
    for (const { value, unit } of figures) {
      expect(value).toBeGreaterThan(0)
      expect(unit).toBe('ms')
    }
  })

  test('prints what a page downloads', { timeout: 180_000 }, async () => {
    // From the sources themselves, which it bundles; without the packages of others, which come from a registry.
    const words = ['run', '--silent', 'bench', '--', 'sizes', '--json']
    const { code, out, err } = await ended('npm', words)
    expect(code, err).toBe(0)
    const figures = figuresIn(out)
    const names = figures.map(({ name }) => name).join('\n')
    for (const part of ['core', 'ConnectButton and hooks', '<keywell-connect>', 'stylesheet']) {
      expect(names).toContain(part)
    }
  })

  test('prints the figures of the vault', { timeout: 180_000 }, async () => {
    const { code, out, err } = await bench('vault', '--json')
    expect(code, err).toBe(0)
    const figures = figuresIn(out)
    const names = figures.map(({ name }) => name).join('\n')
    for (const part of [
      'seals of 200 B',
      'opens of 4096 B',
      'in the work of a read',
      'moved',
      'wrapped anew',
    ]) {
      expect(names).toContain(part)
    }
  })

  test('names its benches when it knows none of that name', { timeout: 60_000 }, async () => {
    const words = ['run', '--silent', 'bench', '--', 'speed']
    const { code, err } = await ended('npm', words)
    expect(code).toBe(1)
    expect(err).toContain('There is no bench "speed". There are: connect, sdk')
  })
})
