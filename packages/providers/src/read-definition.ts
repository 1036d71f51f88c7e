import { checkDefinition, type DefinitionCheck } from './check-definition.ts'
import { isPreset, readPreset } from './presets/read-preset.ts'

/** With `isMade`, the definition was made of a preset. */
export type DefinitionRead = DefinitionCheck & { readonly isMade?: boolean }

/** Bytes of a definition that somebody else wrote. */
export const maxDefinitionBytes = 65_536

/** Reads a definition from the bytes of a file. What is no definition is not repeated: it may be a file with secrets. */
export function readDefinition(bytes: Uint8Array): DefinitionRead {
  if (bytes.byteLength > maxDefinitionBytes) return problem('is larger than 64 KiB')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return problem('is not UTF-8')
  }
  try {
    const value: unknown = JSON.parse(text)
    return isPreset(value) ? { ...readPreset(value), isMade: true } : checkDefinition(value)
  } catch (error) {
    const [place = ''] = / \(line \d+ column \d+\)/.exec(String(error)) ?? []
    return problem(`is not JSON${place}`)
  }
}

function problem(reason: string): DefinitionRead {
  return { problems: [{ pointer: '', reason }] }
}
