import { randomBytes as systemRandomBytes } from 'node:crypto'
import { closeSync, readFileSync } from 'node:fs'
import { draw, type RandomBytes } from './bytes.ts'
import { VaultError } from './errors.ts'
import { asStartError, createPrivateFile, readPrivateFile, type Warn } from './private-file.ts'

/**
 * Where root keys come from: one base64url key of 32 bytes per line; the first wraps, all unwrap.
 * Nothing is read before `read` is called. Errors name the place and the line, never its content.
 */
export interface KeySource {
  /** @throws VaultError `start`, with one sentence that says what to do */
  read(): Uint8Array[]
  /** Whether `read` may be called again, and can then find something new. */
  readonly canReload: boolean
  /** An imperative clause for the operator. */
  readonly howToAdd: string
}

const keyBytes = 32
const keyLine = /^[A-Za-z0-9_-]{43}=?$/

/** `KEYWELL_KEY_FILE`. Refused when others may read it; a warning when the group may. */
export function keyFile(options: { path: string; warn: Warn }): KeySource {
  const { path, warn } = options
  return {
    read: () =>
      parseKeys(readPrivateFile(path, { what: 'The key file', warn }), `the key file ${path}`),
    canReload: true,
    howToAdd: `add it as a line of ${path}`,
  }
}

/** `KEYWELL_KEY_FD`: read once, then closed. For supervisors that pass a pipe. */
export function keyDescriptor(options: { fd: number }): KeySource {
  const { fd } = options
  return {
    read: () => parseKeys(readDescriptor(fd), `file descriptor ${fd}`),
    canReload: false,
    howToAdd: `write it as a line to file descriptor ${fd} and start again`,
  }
}

/** `KEYWELL_KEY`. Works, with a warning at every start. */
export function keyVariable(options: { value: string; warn: Warn }): KeySource {
  const { value, warn } = options
  return {
    read: () => {
      warn(
        'The root key comes from an environment variable: it can be read in /proc for as long as ' +
          'the service runs, and by every child process. Prefer KEYWELL_KEY_FILE.',
      )
      return parseKeys(Buffer.from(value), 'KEYWELL_KEY')
    },
    canReload: false,
    howToAdd: 'add it as a line of KEYWELL_KEY and start again',
  }
}

/**
 * Makes a key file with one new key and mode 0600, for development. It is on disk when this
 * returns: a key that a power cut can take would take every record with it.
 *
 * @throws VaultError `start` when the file exists; it is never overwritten
 */
export function createKeyFile(path: string, randomBytes: RandomBytes = systemRandomBytes): void {
  const key = draw(randomBytes, keyBytes)
  try {
    createPrivateFile(path, `${Buffer.from(key).toString('base64url')}\n`, 'The key file')
  } finally {
    key.fill(0)
  }
}

function readDescriptor(fd: number): Uint8Array {
  try {
    const bytes = readFileSync(fd)
    closeSync(fd)
    return bytes
  } catch (error) {
    throw asStartError(error, `The root key cannot be read from file descriptor ${fd}`)
  }
}

/** Wipes `bytes`. The lines pass through strings on the way, and those cannot be wiped. */
function parseKeys(bytes: Uint8Array, place: string): Uint8Array[] {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('latin1')
    .split('\n')
  bytes.fill(0)
  const keys = lines.flatMap((line, index) => {
    const text = line.trim()
    return text === '' ? [] : [parseKey(text, `line ${index + 1} of ${place}`)]
  })
  if (keys.length === 0) {
    throw new VaultError(
      'start',
      `There is no key in ${place}: write 32 random bytes, as base64url, on a line.`,
    )
  }
  return keys
}

function parseKey(text: string, place: string): Uint8Array {
  const key = Buffer.from(text, 'base64url')
  // The last character carries two bits that belong to no byte: two spellings, one key.
  const exact = key.toString('base64url') === text.replace('=', '')
  if (!keyLine.test(text) || key.length !== keyBytes || !exact) {
    throw new VaultError(
      'start',
      `${place} is not a key: expected 32 bytes as 43 characters of base64url.`,
    )
  }
  return new Uint8Array(key)
}
