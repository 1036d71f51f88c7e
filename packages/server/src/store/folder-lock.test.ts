import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runModule } from '../../../../test/support/child.ts'
import { FolderInUse, lockFolder } from './folder-lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keywell-lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

const modulePath = new URL('./folder-lock.ts', import.meta.url).href

/** A process that has taken the folder; its pid. */
async function startOwner() {
  const owner = runModule(`
    import { lockFolder } from '${modulePath}'
    await lockFolder(${JSON.stringify(folder)})
    console.log('locked')
    setInterval(() => {}, 1000)
  `)
  expect(await owner.nextLine()).toBe('locked')
  return owner
}

async function killOwner(): Promise<void> {
  const owner = await startOwner()
  owner.process.kill('SIGKILL')
  await owner.ended
}

/** Changes what the lock says of its owner. */
async function rewriteLock(changes: object): Promise<void> {
  const path = join(folder, 'lock')
  const owner: object = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify({ ...owner, ...changes }))
}

test('a folder is locked, given back, and leaves nothing behind', async () => {
  const lock = await lockFolder(folder)
  await lock.release()
  expect(await readdir(folder)).toEqual([])
  const again = await lockFolder(folder)
  await lock.release() // a second time, and not the other's
  await expect(lockFolder(folder)).rejects.toThrow(FolderInUse)
  await again.release()
})

test('a second taker is refused with an error that says who has it and what to do', async () => {
  const lock = await lockFolder(folder)
  const second = lockFolder(folder)
  await expect(second).rejects.toThrow(FolderInUse)
  await expect(second).rejects.toThrow(
    `${folder} is in use by process ${process.pid}. Stop that process`,
  )
  await lock.release()
})

test('another process is refused as well, even when it is stopped at the moment', async () => {
  const owner = await startOwner()
  owner.process.kill('SIGSTOP')
  const attempt = lockFolder(folder)
  await expect(attempt).rejects.toThrow(`process ${owner.process.pid}`)
  owner.process.kill('SIGKILL')
  await owner.ended
})

test('a process counts as alive although its socket was removed', async () => {
  const owner = await startOwner()
  for (const name of await readdir(folder)) {
    if (name.endsWith('.sock')) await rm(join(folder, name))
  }
  await expect(lockFolder(folder)).rejects.toThrow(FolderInUse)
  owner.process.kill('SIGKILL')
  await owner.ended
})

test('a process counts as alive although its number is of another process here, as between containers', async () => {
  const owner = await startOwner()
  await rewriteLock({ pid: 1, pidNamespace: 'pid:[1]' })
  await expect(lockFolder(folder)).rejects.toThrow(FolderInUse)
  owner.process.kill('SIGKILL')
  await owner.ended
})

test('the lock of a killed process is taken over, and what it left is cleared away', async () => {
  await killOwner()
  expect(await readdir(folder)).toHaveLength(2)
  const lock = await lockFolder(folder)
  expect(await readdir(folder)).toHaveLength(2)
  await lock.release()
  expect(await readdir(folder)).toEqual([])
})

test('the number of a killed process, used again by another, is no sign of life', async () => {
  await killOwner()
  await rewriteLock({ pid: process.pid })
  const lock = await lockFolder(folder)
  await lock.release()
})

test('of many that find a dead lock at once, one gets it', async () => {
  await killOwner()
  const dead = await readFile(join(folder, 'lock'))
  for (let round = 0; round < 20; round += 1) {
    await writeFile(join(folder, 'lock'), dead)
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)))
    const won = attempts.filter((attempt) => attempt.status === 'fulfilled')
    expect(won).toHaveLength(1)
    await won[0]?.value.release()
  }
})

test('a lock from before a restart of the machine is taken over', async () => {
  const lock = await lockFolder(folder)
  await rewriteLock({ bootId: 'an earlier one' })
  const next = await lockFolder(folder)
  await next.release()
  await lock.release()
})

test('a lock from another machine is not judged, but explained', async () => {
  const lock = await lockFolder(folder)
  await rewriteLock({ bootId: 'of another kernel', host: 'elsewhere' })
  await expect(lockFolder(folder)).rejects.toThrow(/on the machine elsewhere.*delete .*lock/s)
  await lock.release()
})

const unreadable = ['', 'not json', '{}', '{"pid":1}', '{"socket":"../../etc/passwd"}']
for (const content of unreadable) {
  test(`a lock that says ${JSON.stringify(content)} is not judged, but explained`, async () => {
    await writeFile(join(folder, 'lock'), content)
    await expect(lockFolder(folder)).rejects.toThrow(/cannot be read.*delete/s)
  })
}

test('a folder whose path is too long for a socket says so', async () => {
  const deep = join(folder, 'x'.repeat(100))
  await mkdir(deep)
  await expect(lockFolder(deep)).rejects.toThrow('shorter path')
  expect(await readdir(deep)).toEqual([])
})
