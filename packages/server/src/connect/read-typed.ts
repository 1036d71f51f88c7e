import { KeywellError } from '@keywell/protocol'
import { isMinted, variablesAt } from '@keywell/providers'
import { prepareMint } from '../oauth/mint.ts'
import { UnusableField } from '../oauth/mint-values.ts'
import type { PastedKey } from './connect-key.ts'
import { type ReadFields, readFields } from './key-fields.ts'

/** Reads what was typed, and makes sure that a request can be made of it. Nothing is sent. */
export async function readTyped(
  { provider, method, host }: Pick<PastedKey, 'provider' | 'method' | 'host'>,
  typed: Readonly<Record<string, unknown>>,
): Promise<ReadFields> {
  const read = readFields(provider, method, typed)
  if ('refusal' in read || !isMinted(method)) return read
  const { fields } = read
  try {
    await prepareMint({ provider, method, variables: variablesAt(provider, host), fields })
    return read
  } catch (error) {
    if (!(error instanceof UnusableField)) throw error
    const { label = error.field, help } =
      method.fields.find(({ name }) => name === error.field) ?? {}
    const refusal = new KeywellError('invalid_request', `${label} cannot be used.`, {
      nextStep: help ?? `Paste the ${label} again, whole.`,
    })
    return { refusal, field: error.field }
  }
}
