/** A definition as it is kept: JSON, named by its digest, under a MAC that says whose it is. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { ProviderDefinition } from '@keywell/protocol'
import { checkDefinition, type DefinitionProblem } from '@keywell/providers'
import type { DefinitionVersion } from '../store/provider-versions.ts'
import { lengthPrefixed } from '../vault/bytes.ts'

/** The one use of the pepper that these MACs are under. */
export const definitionPepperLabel = 'keywell/1/provider-definition'

type Named = Pick<DefinitionVersion, 'owner' | 'name' | 'digest'>

export interface DefinitionMacs {
  of(row: Named): Uint8Array
}

export function createDefinitionMacs(pepper: Uint8Array): DefinitionMacs {
  return {
    of: ({ owner, name, digest }) =>
      createHmac('sha256', pepper)
        .update(lengthPrefixed('provider-definition', owner, name, digest))
        .digest(),
  }
}

/** Whether the row holds what the service wrote. Without the key it is not known, and so it does not. */
export function isIntact(row: DefinitionVersion, macs: DefinitionMacs | undefined): boolean {
  if (macs === undefined || digestOf(row.definition) !== row.digest) return false
  const mac = macs.of(row)
  return mac.length === row.mac.length && timingSafeEqual(mac, row.mac)
}

export function encodeDefinition(definition: ProviderDefinition): {
  definition: string
  digest: string
} {
  const text = JSON.stringify(definition)
  return { definition: text, digest: digestOf(text) }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A version of the program may refuse what one before it has stored. */
export function decodeDefinition({
  definition,
  name,
}: DefinitionVersion):
  | { definition: ProviderDefinition }
  | { problems: readonly DefinitionProblem[] } {
  const read = checkDefinition(JSON.parse(definition))
  if ('definition' in read && read.definition.name !== name) {
    return { problems: [{ pointer: '/name', reason: 'is not the name that it is kept under' }] }
  }
  return read
}
