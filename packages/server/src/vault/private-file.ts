import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs'
import { VaultError } from './errors.ts'

/*
 * Files and folders that hold secrets. One that was there before may be open to others, belong to another
 * user, or lead elsewhere: each is looked at before anything is read from it or written into it.
 */

export type Warn = (message: string) => void

/** How sentences name it, such as `The key file`, and what receives the warnings. */
export interface Naming {
  what: string
  warn: Warn
}

const maxBytes = 65_536

/**
 * Reads a file that holds a secret. Its own link is followed, as mounted secrets are links; what it leads to
 * has to belong to this user or root. Refused when every user may open it; a warning when its group may.
 *
 * @throws VaultError `start`, with one sentence that says what to do
 */
export function readPrivateFile(path: string, { what, warn }: Naming): Buffer {
  const name = `${what} ${path}`
  return withFile(`${name} cannot be read`, path, constants.O_RDONLY, (fd) => {
    const stats = fstatSync(fd)
    if (stats.size > maxBytes) throw new VaultError('start', `${name} is too large.`)
    checkOwner(name, stats, { rootToo: true })
    const fix = `Run: chmod 600 ${path} (or set the volume's mode to 0400).`
    checkMode(name, stats.mode, fix, warn)
    return readFileSync(fd)
  })
}

/**
 * Makes a file with mode 0600 that is on disk when this returns. It is never written over.
 *
 * @throws VaultError `start` when something of that name is there, be it a link that leads nowhere
 */
export function createPrivateFile(path: string, content: string, what: string): void {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants
  withFile(`${what} ${path} cannot be made`, path, O_WRONLY | O_CREAT | O_EXCL, (fd) => {
    writeSync(fd, content)
    fsyncSync(fd)
  })
}

/**
 * Writes a file with mode 0600 that is on disk, whole, when this resolves. What was there before is looked
 * at first: a file of this user is replaced, with a word when others could open it; anything else is refused,
 * and `content` is not asked for.
 *
 * @throws VaultError `start`, with one sentence that says what to do
 */
export async function writePrivateFile(
  path: string,
  { what, warn }: Naming,
  content: () => Promise<string>,
): Promise<void> {
  const name = `${what} ${path}`
  const before = lstatSync(path, { throwIfNoEntry: false })
  if (before !== undefined) {
    if (before.isSymbolicLink()) throw isLink(name, 'file')
    if (!before.isFile()) throw new VaultError('start', `${name} is no file. Name another.`)
    checkOwner(name, before, { rootToo: false })
  }
  // Under its name only when it is whole; a link that was planted there is not followed, but replaced.
  const draft = `${path}.${randomBytes(8).toString('hex')}.new`
  try {
    const fd = openSync(draft, 'wx', 0o600)
    try {
      writeSync(fd, await content())
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw asStartError(error, `${name} cannot be made`)
  }
  if (before !== undefined) tellTightened(name, before, '0600', warn)
}

/**
 * A folder for secrets, made with mode 0700 when it is not there. One that was there before is tightened
 * with a warning when others may open it, and refused when it is a link or belongs to another user. It may
 * belong to root, as a mounted volume does, while not every user may open it.
 *
 * @throws VaultError `start`, with one sentence that says what to do
 */
export function openPrivateFolder(path: string, { what, warn }: Naming): void {
  const name = `${what} ${path}`
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw asStartError(error, `${name} cannot be made`)
  }
  if (lstatSync(path).isSymbolicLink()) throw isLink(name, 'folder')
  if (process.platform === 'win32') return // access lists, which modes don't show
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants
  withFile(`${name} cannot be opened`, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, (fd) => {
    const stats = fstatSync(fd)
    checkOwner(name, stats, { rootToo: true })
    if (stats.uid !== process.geteuid?.()) {
      checkMode(name, stats.mode, `Run: chmod 700 ${path}, as root.`, warn)
    } else if (stats.mode & 0o077) {
      fchmodSync(fd, 0o700)
      tellTightened(name, stats, '0700', warn)
    }
  })
}

function tellTightened(name: string, { mode }: Stats, now: string, warn: Warn): void {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  const before = (mode & 0o777).toString(8).padStart(4, '0')
  warn(`${name} was open to other users of this machine (mode ${before}); it now has mode ${now}.`)
}

function isLink(name: string, kind: 'file' | 'folder'): VaultError {
  return new VaultError('start', `${name} is a symbolic link. Name the ${kind} that it leads to.`)
}

function checkOwner(name: string, stats: Stats, { rootToo }: { rootToo: boolean }): void {
  const me = process.geteuid?.()
  if (me === undefined || stats.uid === me || (rootToo && stats.uid === 0)) return
  throw new VaultError(
    'start',
    `${name} belongs to another user (uid ${stats.uid}), who may change it. Give it to uid ${me}, or name another.`,
  )
}

function checkMode(name: string, mode: number, fix: string, warn: Warn): void {
  if (process.platform === 'win32') return // access lists, which these bits don't show
  if (mode & 0o007) {
    throw new VaultError('start', `${name} is open to every user of this machine. ${fix}`)
  }
  if (mode & 0o070) warn(`${name} is open to its group. ${fix}`)
}

function withFile<Result>(
  failure: string,
  path: string,
  flags: number,
  work: (fd: number) => Result,
): Result {
  let fd: number | undefined
  try {
    fd = openSync(path, flags, 0o600)
    return work(fd)
  } catch (error) {
    throw asStartError(error, failure)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** The error as one that ends a start; a sentence that is one already stays. */
export function asStartError(cause: unknown, message: string): VaultError {
  if (cause instanceof VaultError) return cause
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new VaultError('start', `${message}: ${detail}.`, { cause })
}
