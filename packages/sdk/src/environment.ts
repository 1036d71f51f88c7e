/** A variable of the environment; undefined, too, where the runtime has no environment. */
export function variable(name: string): string | undefined {
  return globalThis.process?.env[name]
}

/**
 * A secret of the environment: the variable, or the content of the file that `<name>_FILE` names, without
 * the blanks around it. Throws `TypeError` when both are set, and when the file cannot be read, belongs to
 * another user or is open to every user of the machine.
 */
export function secretVariable(name: string): string | undefined {
  const value = variable(name) || undefined
  const path = variable(`${name}_FILE`) || undefined
  if (path === undefined) return value
  if (value !== undefined) {
    throw new TypeError(
      `Keywell: ${name} and ${name}_FILE are both set. Keep one; a file is safer.`,
    )
  }
  return readSecretFile(`the file of ${name}, ${path},`, path)
}

const maxBytes = 65_536

function readSecretFile(what: string, path: string): string {
  // Asked of the runtime, not imported: not every runtime has files.
  const fs = globalThis.process?.getBuiltinModule?.('node:fs')
  if (fs === undefined) {
    throw new TypeError(`Keywell: ${what} cannot be read: this runtime has no files.`)
  }
  let fd: number | undefined
  try {
    fd = fs.openSync(path, 'r')
    refuseForeign(what, path, fs.fstatSync(fd))
    return fs.readFileSync(fd, 'utf8').trim()
  } catch (error) {
    if (error instanceof TypeError) throw error
    const detail = error instanceof Error ? error.message : String(error)
    throw new TypeError(`Keywell: ${what} cannot be read: ${detail}.`, { cause: error })
  } finally {
    if (fd !== undefined) fs.closeSync(fd)
  }
}

function refuseForeign(
  what: string,
  path: string,
  { mode, uid, size }: { mode: number; uid: number; size: number },
): void {
  if (size > maxBytes) throw new TypeError(`Keywell: ${what} is too large for a secret.`)
  const me = process.geteuid?.()
  // Access lists, which these bits don't show.
  if (me === undefined || process.platform === 'win32') return
  if (uid !== me && uid !== 0) {
    throw new TypeError(
      `Keywell: ${what} belongs to another user (uid ${uid}), who may change it. Give it to uid ${me}.`,
    )
  }
  if (mode & 0o007) {
    throw new TypeError(
      `Keywell: ${what} is open to every user of this machine. Run: chmod 600 ${path} (or set the volume's mode to 0400).`,
    )
  }
}
