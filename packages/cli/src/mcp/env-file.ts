import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

export type Variables = Readonly<Record<string, string | undefined>>

const fileName = 'keywell.env'

export interface EnvFileOptions {
  /** The file that is named. */
  readonly path: string | undefined
  readonly folder: string
  /** Variables that hold the credential. */
  readonly credential: readonly string[]
}

/**
 * The environment, and what a file adds to it: the one that is named, else `keywell.env` in this folder or at home. What
 * the environment has wins.
 *
 * A folder may be a repository that somebody else wrote. So its file is left out where the environment has the
 * credential: it would say where that is sent.
 *
 * @throws Error when the file that is named cannot be read
 */
export function withEnvFile(
  environment: Variables,
  { path, folder, credential }: EnvFileOptions,
): Variables {
  const hasCredential = credential.some((name) => environment[name])
  const folders = hasCredential ? [homedir()] : [folder, homedir()]
  const found = path ?? folders.map((each) => join(each, fileName)).find(existsSync)
  return found === undefined ? environment : { ...read(found), ...environment }
}

function read(path: string): Variables {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new Error(`The file ${path} cannot be read.`, { cause })
  }
}
