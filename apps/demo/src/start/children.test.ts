import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Child, startChild } from './children.ts'
import { StartError } from './start-error.ts'

let folder: string
const children: Child[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-children-'))
  // Outside of a repository a file without one would count as CommonJS.
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill()
  rmSync(folder, { recursive: true })
})

const forever = 'setInterval(() => {}, 1000)'

function start(program: string, options: { stopTimeoutMs?: number } = {}): Child {
  const main = join(folder, 'main.ts')
  writeFileSync(main, program)
  const logFile = join(folder, 'log')
  const child = startChild({
    name: 'Test',
    main,
    cwd: folder,
    env: process.env,
    logFile,
    ...options,
  })
  children.push(child)
  return child
}

const log = () => readFileSync(join(folder, 'log'), 'utf8')
const says = (text: string) => expect.poll(log, { timeout: 20_000 }).toContain(text)

test('runs TypeScript, keeps what it prints, stops it by SIGTERM', async () => {
  const child = start(
    `const word: string = 'hello'
     console.log(word); console.error('careful')
     process.on('SIGTERM', () => { console.log('draining'); process.exit(0) })
     ${forever}`,
  )
  await says('careful')
  await child.stop()
  expect(log()).toBe('hello\ncareful\ndraining\n')
})

test('kills one that does not stop', async () => {
  const child = start(
    `process.on('SIGTERM', () => console.log('no')); console.log('up'); ${forever}`,
    { stopTimeoutMs: 200 },
  )
  await says('up')
  await child.stop()
  expect(log()).toBe('up\nno\n')
})

test('one that dies is quoted, structured lines by their message', async () => {
  const child = start(
    `console.log(JSON.stringify({ level: 60, msg: 'the disk\\u0000 is\\u001b full', secretField: 'kept away' }))
     console.error('plain words')
     process.exit(3)`,
  )
  const error = await child.died.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(StartError)
  expect(String(error)).toContain('Test stopped (exit code 3)')
  expect(String(error)).toContain('  the disk is full\n  plain words')
  expect(String(error)).toContain(join(folder, 'log'))
  await child.stop() // and it may be stopped again
})

test('one that cannot be loaded says why', async () => {
  const child = start(`import './missing.ts'`)
  await expect(child.died).rejects.toThrow(/missing\.ts/)
})

test('one that was asked to stop has not died', async () => {
  const child = start(`console.log('up'); ${forever}`)
  await says('up')
  await child.stop()
  const late = Promise.race([child.died, Promise.resolve('still waiting')])
  await expect(late).resolves.toBe('still waiting')
})

test('a child whose parent is killed stops itself', async () => {
  const grandchild = join(folder, 'grandchild.ts')
  writeFileSync(
    grandchild,
    `process.on('SIGTERM', () => { console.log('orphaned'); process.exit(0) })
     console.log('grandchild ' + process.pid); ${forever}`,
  )
  const parent = start(
    `import { startChild } from ${JSON.stringify(join(import.meta.dirname, 'children.ts'))}
     startChild({
       name: 'Grandchild', main: ${JSON.stringify(grandchild)}, cwd: ${JSON.stringify(folder)},
       env: process.env, logFile: ${JSON.stringify(join(folder, 'grandchild.log'))},
     })`,
  )
  const grandchildLog = () => {
    try {
      return readFileSync(join(folder, 'grandchild.log'), 'utf8')
    } catch {
      return ''
    }
  }
  await expect.poll(grandchildLog, { timeout: 20_000 }).toContain('grandchild ')
  parent.kill() // SIGKILL: it cannot stop its children
  await expect.poll(grandchildLog).toContain('orphaned')
})
