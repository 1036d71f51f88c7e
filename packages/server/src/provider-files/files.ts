/** The files of a folder of definitions, as they are on the disk. */
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type DefinitionRead, maxDefinitionBytes, readDefinition } from '@keywell/providers'

/**
 * The names of the definitions of a folder, each with what changes when the file does. Links are followed, since an
 * orchestrator mounts files as links; names with a dot before them are those of editors.
 */
export async function listFiles(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder)).filter((name) => /^[^.].*\.json$/.test(name)).sort()
  const entries = await Promise.all(
    names.map(async (name) => [name, await signatureOf(join(folder, name))] as const),
  )
  const files = new Map<string, string>()
  for (const [name, signature] of entries) if (signature !== undefined) files.set(name, signature)
  return files
}

/** Undefined for a file that is gone by now. */
async function signatureOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    if (isMissing(error)) return undefined
    // A link in a circle, or a folder that may not be entered: there is a file, and reading it says what it lacks.
    return 'unreadable'
  }
}

export async function readFile(path: string): Promise<DefinitionRead> {
  try {
    const bytes = await readBounded(path)
    return bytes === undefined ? refused('is not a file') : readDefinition(bytes)
  } catch (error) {
    return refused(`cannot be read (${codeOf(error) ?? 'unknown error'})`)
  }
}

/** One byte more than may be, at most, so that a longer one is seen to be. Undefined: it is no plain file. */
async function readBounded(path: string): Promise<Uint8Array | undefined> {
  // A pipe would be waited for.
  if (!(await stat(path)).isFile()) return undefined
  const file = await open(path)
  try {
    const buffer = Buffer.alloc(maxDefinitionBytes + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length)
      length += bytesRead
      if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length)
    }
  } finally {
    await file.close()
  }
}

function refused(reason: string): DefinitionRead {
  return { problems: [{ pointer: '', reason }] }
}

const isMissing = (error: unknown) => codeOf(error) === 'ENOENT'

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
