import type { ProviderDefinition, TypedMethod } from '@keywell/protocol'
import { keyOf } from '@keywell/providers'
import type { Logger } from '../logger.ts'
import type { FlowRow } from '../store/flows.ts'
import type { SessionPolicy } from '../store/sessions.ts'
import type { Vault } from '../vault/vault.ts'
import { allowedMethods } from './choose-method.ts'
import { openFlowSecret, sealVerifier } from './flow-record.ts'

/** What the form of a flow asks for, and the keys of which the person may choose another. */
export interface KeyChoice {
  keys: TypedMethod
  /** In the order of the definition; one: there is no choice. */
  choices: readonly TypedMethod[]
}

/**
 * The key that a form is for.
 *
 * @param named the id of a method, as the form says it. One that is no choice stands for that of the flow.
 */
export function chooseKey(
  provider: ProviderDefinition,
  flow: Pick<FlowRow, 'method' | 'connectionId'>,
  policy: Pick<SessionPolicy, 'methods'>,
  named: unknown,
): KeyChoice {
  const own = keyOf(provider, flow.method)
  const choices = choicesFor(provider, flow, policy, own)
  return { keys: choices.find(({ id }) => id === named) ?? own, choices }
}

/**
 * Who reconnects does so in the way of before. What access tokens are minted from was planned with scopes of its own,
 * so that it stands for nothing else.
 */
function choicesFor(
  provider: ProviderDefinition,
  { connectionId }: Pick<FlowRow, 'connectionId'>,
  policy: Pick<SessionPolicy, 'methods'>,
  own: TypedMethod,
): readonly TypedMethod[] {
  if (connectionId !== null || own.kind !== 'key') return [own]
  const keys = allowedMethods(policy, provider).filter((method) => method.kind === 'key')
  return keys.includes(own) ? keys : [own]
}

/** The flow by another method: what is sealed for its row is sealed anew, since the method is bound. */
export async function changeMethod(
  parts: { vault: Vault; logger: Logger },
  flow: FlowRow,
  method: string,
): Promise<FlowRow> {
  if (method === flow.method || flow.sealedVerifier === null) return flow
  const opened = { field: 'verifier', sealed: flow.sealedVerifier } as const
  const verifier = await openFlowSecret(parts, flow, opened)
  const { sealedVerifier } = await sealVerifier(parts.vault, { ...flow, method }, verifier.expose())
  return { ...flow, method, sealedVerifier }
}
