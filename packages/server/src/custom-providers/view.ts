import type { CustomProvider, ProviderDefinition } from '@keywell/protocol'
import { reachOf } from '@keywell/providers'
import type { OpenCatalogue } from '../catalogue.ts'
import type { DefinitionVersion } from '../store/provider-versions.ts'
import { installation } from '../store/scope.ts'

/** A definition as the API shows it. */
export function viewDefinition(catalogue: OpenCatalogue, row: DefinitionVersion): CustomProvider {
  const { owner, name, version, digest } = row
  // It was checked when it was written, and is shown as it is stored.
  const definition = JSON.parse(row.definition) as ProviderDefinition
  return {
    name,
    tenantId: owner === installation ? null : (owner as CustomProvider['tenantId']),
    version,
    digest,
    definition: definition as unknown as Record<string, unknown>,
    reach: reachesOf(definition),
    warnings: warningsOf(catalogue, name),
    since: row.createdAt.toISOString(),
  }
}

/** Where the secrets of each method may go, with what is open still in braces. */
export function reachesOf(
  definition: ProviderDefinition,
  methods: ProviderDefinition['auth'] = definition.auth,
): CustomProvider['reach'] {
  return methods.map((method) => ({
    method: method.id,
    origins: [...reachOf(definition, method, {})],
  }))
}

function warningsOf(catalogue: OpenCatalogue, name: string): string[] {
  return [
    ...(catalogue.isDefinedBy('file', name)
      ? ['A file of the operator defines this name, and counts in place of this definition.']
      : []),
    ...(catalogue.fixed(name) === undefined
      ? []
      : ['The bundled provider of this name is not used.']),
  ]
}
