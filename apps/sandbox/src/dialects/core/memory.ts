import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'

/** A list or a map that is changed in place. */
export type Part = unknown[] | Map<unknown, unknown>
export type Parts = Readonly<Record<string, Part>>

/**
 * What of a stand-in outlives its process, in a file that holds tokens in clear. Objects that several parts share, as
 * pairs of tokens do their grant, are one object again after a start.
 */
export class Memory {
  readonly #file: string
  readonly #parts: Parts

  /** Fills the parts with what the file has. Throws if it is no such file. */
  constructor(file: string, parts: Parts) {
    this.#file = file
    this.#parts = parts
    const kept = readParts(file)
    for (const [name, part] of Object.entries(parts)) refill(part, kept?.[name])
  }

  /** Writes the file whole, and by a rename, so that it is never half. */
  save(): void {
    const draft = `${this.#file}.${process.pid}.tmp`
    writeFileSync(draft, serialize(this.#parts), { mode: 0o600 })
    renameSync(draft, this.#file)
  }
}

function readParts(file: string): Parts | undefined {
  try {
    return deserialize(readFileSync(file))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new Error(`${file} is not a data file of this stand-in; move it away to start anew`, {
      cause,
    })
  }
}

/** What the file does not have stays as it was made. */
function refill(part: Part, kept: Part | undefined): void {
  if (Array.isArray(part) && Array.isArray(kept)) part.splice(0, part.length, ...kept)
  if (!(part instanceof Map) || !(kept instanceof Map)) return
  part.clear()
  for (const [key, value] of kept) part.set(key, value)
}
