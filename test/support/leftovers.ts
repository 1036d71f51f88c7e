import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Removes what runs that were killed left in a folder, under names of a prefix and the id of their process. */
export async function removeLeftovers(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix)) continue
    const [, pid] = /^(\d+)-/.exec(name.slice(prefix.length)) ?? []
    if (pid !== undefined && !isRunning(Number(pid))) {
      // Another user's, perhaps.
      await rm(join(folder, name), { recursive: true, force: true }).catch(() => {})
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
