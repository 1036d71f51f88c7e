import type { KeyMethod, Preset, ProviderDefinition } from '@keywell/protocol'
import { definitionOf, healthOf, identityOf, manualUrlOf } from './common.ts'

type ApiKey = Extract<Preset, { preset: 'api-key' }>
type Basic = Extract<Preset, { preset: 'basic' }>

export function expandApiKey(preset: ApiKey): ProviderDefinition {
  const { field, header, basic } = preset
  return withKey(preset, {
    title: 'API key',
    steps: ['Sign in there, make a key that may do no more than is needed, and copy it.'],
    fields: [{ name: 'token', label: 'API key', secret: true, ...field }],
    send: [
      basic
        ? { in: 'basic', ...basic }
        : { in: 'header', name: header?.name ?? '', value: header?.value ?? '{token}' },
    ],
    typedAccount: { id: '$hash' },
  })
}

export function expandBasic(preset: Basic): ProviderDefinition {
  return withKey(preset, {
    title: 'user name and password',
    steps: ['Sign in there to make sure that the user name and the password are right.'],
    fields: [
      { name: 'username', label: 'User name', secret: false },
      { name: 'password', label: 'Password', secret: true },
    ],
    send: [{ in: 'basic', username: '{username}', password: '{password}' }],
    typedAccount: { id: 'username', name: 'username' },
  })
}

function withKey(
  preset: ApiKey | Basic,
  {
    typedAccount,
    ...parts
  }: Pick<KeyMethod, 'title' | 'steps' | 'fields' | 'send' | 'typedAccount'>,
): ProviderDefinition {
  const { identity } = preset
  const method: KeyMethod = {
    id: 'key',
    kind: 'key',
    ...parts,
    steps: preset.steps ?? parts.steps,
    ...(identity === undefined ? { typedAccount } : { identity: identityOf(identity) }),
    health: healthOf(preset.health, [{ status: [401] }]),
    manualUrl: manualUrlOf(preset),
  }
  return definitionOf(preset, {
    base: preset.base,
    method,
    steps: ['Nothing is registered: each user pastes a credential.'],
  })
}
