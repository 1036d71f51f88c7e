import { readPrivateFile } from '@keywell/server'

type Variables = Record<string, string | undefined>

/** Each may be read from a file instead; the root key's is read, and read again, by the vault. */
const names = ['DATABASE_URL', 'KEYWELL_EGRESS_PROXY'] as const

/**
 * The environment with the secrets that its `_FILE` variables name.
 *
 * @throws Error with one sentence when a secret and its file are both set, or its file is not for this user alone
 */
export function withSecretFiles(variables: Variables, warn: (message: string) => void): Variables {
  refuseBoth(variables, 'KEYWELL_KEY')
  const read: Variables = { ...variables }
  for (const name of names) {
    const path = variables[`${name}_FILE`]
    if (path === undefined) continue
    refuseBoth(variables, name)
    const what = `The file of ${name}`
    read[name] = readPrivateFile(path, { what, warn }).toString('utf8').trim()
  }
  return read
}

function refuseBoth(variables: Variables, name: string): void {
  if (variables[name] === undefined || variables[`${name}_FILE`] === undefined) return
  throw new Error(`${name} and ${name}_FILE are both set. Keep one; a file is safer.`)
}
