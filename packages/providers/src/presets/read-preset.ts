import { type Preset, type ProviderDefinition, presetSchema } from '@keywell/protocol'
import {
  checkDefinition,
  type DefinitionCheck,
  type DefinitionProblem,
  problemsOfIssue,
} from '../check-definition.ts'
import { expandOAuth2, expandOidc } from './consent.ts'
import { expandApiKey, expandBasic } from './keys.ts'
import { atPreset } from './pointers.ts'

/** Whether a value is a preset: a few values, of which a definition is made. */
export function isPreset(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'preset')
}

/** The definition that a preset makes. It is checked whole; what is wrong is said of the fields of the preset. */
export function readPreset(value: unknown): DefinitionCheck {
  const { success, data, error } = presetSchema.safeParse(value)
  if (!success) return { problems: error.issues.flatMap(problemsOfIssue) }
  const definition = expand(data)
  if (definition === undefined) return { problems: [notDiscovered] }
  const read = checkDefinition(definition)
  if ('definition' in read) return read
  return { problems: read.problems.map((problem) => atPreset(data, problem)) }
}

/** Undefined: what its issuer says was not read yet. */
function expand(preset: Preset): ProviderDefinition | undefined {
  switch (preset.preset) {
    case 'oauth2':
      return expandOAuth2(preset)
    case 'oidc':
      return preset.discovered && expandOidc(preset, preset.discovered)
    case 'api-key':
      return expandApiKey(preset)
    case 'basic':
      return expandBasic(preset)
  }
}

const notDiscovered: DefinitionProblem = {
  pointer: '/discovered',
  reason: 'is missing: `keywell-service providers discover` reads it from the issuer',
}
