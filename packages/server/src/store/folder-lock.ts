import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { link, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { join, relative } from 'node:path'
import { z } from 'zod'

/*
 * PGlite has no lock: two processes on one folder both report success, and one loses its rows. So
 * the folder holds a file `lock` that says who has it, and its owner listens on a socket beside it.
 * The kernel closes that socket with the process, however it ends: that is the proof of life, and it
 * holds between containers too, which share a folder but not their process ids.
 */

/** What macOS has room for; Linux has 107. Node cuts off a longer one without a word. */
const longestSocketPath = 103

/** The folder belongs to another process, or it is not certain that it is free. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
}

export interface FolderLock {
  release(): Promise<void>
}

const ownerSchema = z.object({
  pid: z.int(),
  host: z.string(),
  /** Of the running kernel; a new one at each boot. Empty where there is no /proc. */
  bootId: z.string(),
  /** Of the process, in ticks since boot: process ids are used again. Empty where there is no /proc. */
  startTime: z.string(),
  /** Where its process id means something. Empty where there is no /proc. */
  pidNamespace: z.string(),
  /** Name of its socket in the folder. */
  socket: z.string().regex(/^lock-[0-9a-f]+\.sock$/),
})
type Owner = z.infer<typeof ownerSchema>

/**
 * Takes the folder for this process. A lock whose owner is dead is taken over.
 *
 * @throws {FolderInUse} naming the folder, the owner, and what to do
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const me = await describeMyself()
  const life = await listen(join(folder, me.socket))
  const mine = join(folder, `${me.socket}.owner`)
  try {
    // Synced, so that a power loss does not leave an unreadable lock.
    await writeFile(mine, `${JSON.stringify(me)}\n`, { mode: 0o600, flush: true })
    await take(folder, mine)
  } catch (error) {
    await closeServer(life)
    throw error
  } finally {
    await rm(mine, { force: true })
  }
  let held = true
  return {
    release: async () => {
      if (!held) return // the lock may be another process's by now
      held = false
      await rm(join(folder, 'lock'), { force: true })
      await closeServer(life)
    },
  }
}

/** `link` makes a name only where there is none, with its content: no process ever reads half a lock. */
async function take(folder: string, mine: string): Promise<void> {
  const lock = join(folder, 'lock')
  while (!(await linked(mine, lock))) {
    const owner = await readOwner(lock)
    if (owner === undefined) continue // given back in between
    await refuseUnlessDead(folder, owner)
    if (await takenOver(folder, mine)) return rm(join(folder, owner.socket), { force: true })
  }
}

/** Two that found the same lock dead must not both replace it: only who has `lock.takeover` may. */
async function takenOver(folder: string, mine: string): Promise<boolean> {
  const lock = join(folder, 'lock')
  const takeover = join(folder, 'lock.takeover')
  if (!(await linked(mine, takeover))) {
    throw new FolderInUse(
      `Another process is taking over ${folder} after a crash. Start again in a moment; if this ` +
        `stays, make sure that no other process runs there and delete ${takeover}`,
    )
  }
  try {
    const owner = await readOwner(lock)
    if (owner === undefined) return false
    await refuseUnlessDead(folder, owner)
    await rename(takeover, lock)
    return true
  } finally {
    await rm(takeover, { force: true })
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function readOwner(lock: string): Promise<Owner | undefined> {
  const text = await contentOf(lock)
  if (text === undefined) return undefined
  try {
    return ownerSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new FolderInUse(
      `The lock ${lock} cannot be read. Make sure that no other process uses that folder, then ` +
        'delete the file.',
      { cause },
    )
  }
}

async function refuseUnlessDead(folder: string, owner: Owner): Promise<void> {
  const me = await describeMyself()
  const sameKernel = owner.bootId === me.bootId && (me.bootId !== '' || owner.host === me.host)
  if (sameKernel) {
    if (!(await answers(join(folder, owner.socket))) && !(await runs(owner, me))) return
    throw new FolderInUse(
      `${folder} is in use by process ${owner.pid}. Stop that process, or use another folder, or ` +
        'let both use a Postgres server (DATABASE_URL).',
    )
  }
  if (owner.host === me.host) return // the machine was started anew since
  throw new FolderInUse(
    `${folder} was last used by process ${owner.pid} on the machine ${owner.host}, and never given ` +
      `back. If that process is gone for good, delete ${join(folder, 'lock')}`,
  )
}

/** Whether a process listens there. Only these two errors mean that none does; a full backlog is a sign of life. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(shortest(socketPath))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', (error) => {
      const code = codeOf(error)
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT')
    })
  })
}

/** A second proof, for when a cleaner of temporary files has removed the socket. */
async function runs(owner: Owner, me: Owner): Promise<boolean> {
  if (owner.startTime === '' || owner.pidNamespace !== me.pidNamespace) return false
  return (await startTimeOf(owner.pid)) === owner.startTime
}

async function describeMyself(): Promise<Owner> {
  return {
    pid: process.pid,
    host: hostname(),
    bootId: (await contentOf('/proc/sys/kernel/random/boot_id'))?.trim() ?? '',
    startTime: await startTimeOf(process.pid),
    pidNamespace: await readlink('/proc/self/ns/pid').catch(() => ''),
    socket: `lock-${randomBytes(4).toString('hex')}.sock`,
  }
}

/** Fields 3 (state) and 22 (start time) of proc(5); field 2 is a name that may hold anything. */
async function startTimeOf(pid: number): Promise<string> {
  const stat = (await contentOf(`/proc/${pid}/stat`)) ?? ''
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ended = fields[0] === 'Z' || fields[0] === 'X' // killed, and only its parent has not looked
  return ended ? '' : (fields[19] ?? '')
}

/** Undefined where there is no such file, as on systems without /proc. */
async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined
    throw error
  }
}

async function listen(socketPath: string): Promise<Server> {
  const path = shortest(socketPath)
  if (Buffer.byteLength(path) > longestSocketPath) {
    throw new Error(
      `The path ${socketPath} is longer than the ${longestSocketPath} bytes that a socket may have. ` +
        'Choose a folder with a shorter path.',
    )
  }
  const server = createServer((socket) => socket.destroy())
  server.listen(path)
  await once(server, 'listening')
  return server.unref() // it never keeps a process from ending
}

async function closeServer(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
}

/** There is little room, so every byte saved counts. */
function shortest(path: string): string {
  const short = relative(process.cwd(), path)
  return short.length < path.length ? short : path
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
