import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Plan } from './plan.ts'
import { StartError } from './start-error.ts'

/**
 * Makes the folder for data, keys and logs. One that was there before is closed to other users, which closes
 * everything inside. Throws `StartError` when it is a link, or another user's.
 */
export function openHome({ data }: Pick<Plan, 'data'>, say: (text: string) => void): void {
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const stats = lstatSync(data)
  if (stats.isSymbolicLink()) {
    throw new StartError(
      `${data} is a symbolic link. Set KEYWELL_HOME to the folder that it leads to.`,
    )
  }
  const me = process.geteuid?.()
  if (me !== undefined && stats.uid !== me) {
    throw new StartError(
      `${data} belongs to another user (uid ${stats.uid}). Set KEYWELL_HOME to a folder of your own.`,
    )
  }
  if (process.platform !== 'win32' && stats.mode & 0o077) {
    chmodSync(data, 0o700)
    say(`${data} was open to other users of this machine; it now has mode 0700`)
  }
  mkdirSync(join(data, 'logs'), { recursive: true, mode: 0o700 })
}
