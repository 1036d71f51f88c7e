import { closeSync, fdatasyncSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'

/*
 * PGlite's Node file system has no fsync, so that a commit is acknowledged while it exists only in
 * the page cache (electric-sql/pglite#1107). This one has. It reaches into Emscripten's NODEFS, which
 * is no stable interface: when it changes, no fsync is counted, and a start is refused
 * (pglite.test.ts, "refuses to start when a commit does not reach the disk").
 */

/** EIO, in the numbers of WASI. Postgres answers it with a PANIC, as it must. */
const ioError = 29

/** Everything of NODEFS that is used here. */
interface NodeFiles {
  realPath(node: Node): string
  node_ops: {
    mknod(parent: Node, name: string, mode: number, dev: unknown): Node
    rename(node: Node, newParent: Node, newName: string): void
    unlink(parent: Node, name: string): void
    rmdir(parent: Node, name: string): void
  }
  stream_ops: { fsync?: (stream: { nfd: number }) => number }
}
type Node = object

/** Start parameters with which Postgres asks for the syncs: the default, fdatasync, does nothing in WASM. */
export function durableStartParams(defaults: readonly string[]): string[] {
  return [...defaults.filter((param) => param !== '-F'), '-c', 'wal_sync_method=fsync']
}

/** A folder on disk whose fsync is real, for files and for the directories that name them. */
export class DurableFs extends NodeFS {
  /** How often a file was synced. */
  syncs = 0
  /** Directories in which a name came, went or changed since the last sync. */
  readonly #touched = new Set<string>()

  override async init(
    ...[pglite, options]: Parameters<NodeFS['init']>
  ): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pglite, options)
    // Before Postgres starts, so that crash recovery is covered too.
    const preRun = [
      ...(emscriptenOpts.preRun ?? []),
      (module: object) => this.#patch(Reflect.get(module, 'NODEFS')),
    ]
    return { emscriptenOpts: { ...emscriptenOpts, preRun } }
  }

  #patch(files: NodeFiles): void {
    const { mknod, rename, unlink, rmdir } = files.node_ops
    const touch = (directory: Node) => this.#touched.add(files.realPath(directory))
    files.node_ops.mknod = (parent, ...rest) => {
      touch(parent)
      return mknod(parent, ...rest)
    }
    files.node_ops.rename = (node, newParent, newName) => {
      this.#touched.add(dirname(files.realPath(node)))
      touch(newParent)
      rename(node, newParent, newName)
    }
    files.node_ops.unlink = (parent, name) => {
      touch(parent)
      unlink(parent, name)
    }
    files.node_ops.rmdir = (parent, name) => {
      touch(parent)
      rmdir(parent, name)
    }
    files.stream_ops.fsync = ({ nfd }) => this.#sync(nfd)
  }

  /** Names first, then content: a synced file that no directory knows is lost all the same. */
  #sync(file: number): number {
    try {
      for (const directory of this.#touched) syncDirectory(directory)
      this.#touched.clear()
      fdatasyncSync(file)
      this.syncs += 1
      return 0
    } catch {
      return ioError
    }
  }
}

/** Makes the names in a directory durable. */
export function syncDirectory(path: string): void {
  let directory: number | undefined
  try {
    directory = openSync(path, 'r')
    fsyncSync(directory)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // ENOENT: removed since; its parent was touched by that, and is synced for it.
    // EINVAL: a file system that knows no sync of directories; Postgres lets it pass as well.
    if (code !== 'ENOENT' && code !== 'EINVAL') throw error
  } finally {
    if (directory !== undefined) closeSync(directory)
  }
}

/**
 * Commits something, and looks whether the commit reached the disk. It does not with another build
 * of PGlite, or with a setting in the folder (`fsync`, `synchronous_commit`).
 */
export async function isDurable(pglite: PGlite, files: DurableFs): Promise<boolean> {
  const before = files.syncs
  await pglite.query("select pg_logical_emit_message(true, 'keywell', 'durable?')")
  return files.syncs > before
}
