import type { DefinitionRead } from '@keywell/providers'

/** A file of the folder, as far as it is known. */
export interface KnownFile {
  readonly signature: string
  /** `changing`: it is read once it has stood still for a look. `missing`: it is gone once it is so at the next look. */
  readonly state: 'changing' | 'read' | 'missing'
  /** Of its last reading. */
  readonly read?: DefinitionRead
}

export interface Observation {
  /** Of all files, before those of `toRead` are read. */
  readonly files: ReadonlyMap<string, KnownFile>
  readonly toRead: readonly string[]
  /** A file is gone. */
  readonly isFewer: boolean
}

/**
 * Compares what was known of a folder with what is there now. A file that has changed is not read at once, since it may
 * be half written, nor is one forgotten that is being replaced.
 */
export function observe(
  before: ReadonlyMap<string, KnownFile>,
  found: ReadonlyMap<string, string>,
): Observation {
  const files = new Map<string, KnownFile>()
  const toRead: string[] = []
  for (const [name, signature] of found) {
    const known = before.get(name)
    const isSame = known?.signature === signature
    if (isSame && known.state === 'changing') toRead.push(name)
    files.set(
      name,
      isSame && known.state === 'read' ? known : { ...known, signature, state: 'changing' },
    )
  }
  let isFewer = false
  for (const [name, known] of before) {
    if (found.has(name)) continue
    if (known.state === 'missing') isFewer = true
    else files.set(name, { ...known, state: 'missing' })
  }
  return { files, toRead, isFewer }
}
