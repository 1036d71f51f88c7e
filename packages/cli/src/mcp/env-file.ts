import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

export type Variables = Readonly<Record<string, string | undefined>>

const fileName = 'keywell.env'

/**
 * The environment, and what a file adds to it: the one that is named, else `keywell.env` in this folder or at home. What
 * the environment has wins.
 *
 * @throws Error when the file that is named cannot be read
 */
export function withEnvFile(
  environment: Variables,
  { path, folder }: { path: string | undefined; folder: string },
): Variables {
  const found = path ?? [join(folder, fileName), join(homedir(), fileName)].find(existsSync)
  return found === undefined ? environment : { ...read(found), ...environment }
}

function read(path: string): Variables {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new Error(`The file ${path} cannot be read.`, { cause })
  }
}
