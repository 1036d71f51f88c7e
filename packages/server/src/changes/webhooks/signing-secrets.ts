import { Secret } from '@keywell/protocol'
import { Webhook } from 'standardwebhooks'
import type { WebhookEndpointRow } from '../../store/webhook-endpoints.ts'
import type { RecordContext, Vault } from '../../vault/vault.ts'

/** The output length of SHA-256; RFC 2104 discourages shorter HMAC keys. */
const secretBytes = 32

/** The endpoint and version that a secret is sealed for. */
type Slot = Pick<WebhookEndpointRow, 'tenantId' | 'id' | 'secretVersion'>

export interface SigningSecrets {
  /** A new secret, to be shown once, and the same one sealed for its endpoint. */
  make(slot: Slot): Promise<{ secret: Secret; sealed: Uint8Array; keyVersion: number }>
  /** The valid secrets: the present one, then the one before the last rotation. */
  open(endpoint: WebhookEndpointRow): Promise<Uint8Array[]>
}

export function createSigningSecrets({
  vault,
  randomBytes,
}: {
  vault: Vault
  randomBytes: (bytes: number) => Uint8Array
}): SigningSecrets {
  return {
    async make(slot) {
      const bytes = randomBytes(secretBytes)
      const { sealed, keyVersion } = await vault.seal(contextOf(slot), bytes)
      const secret = new Secret(`whsec_${Buffer.from(bytes).toString('base64')}`)
      return { secret, sealed, keyVersion }
    },

    async open(endpoint) {
      const { sealed, previousSealed, secretVersion } = endpoint
      const present = await vault.open(contextOf(endpoint), sealed)
      if (previousSealed === null) return [present]
      const previous = { ...endpoint, secretVersion: secretVersion - 1 }
      return [present, await vault.open(contextOf(previous), previousSealed)]
    },
  }
}

/** One signature for each valid secret, so that a receiver can switch to the new one at any time. */
export function signatures(
  secrets: readonly Uint8Array[],
  message: { id: string; sentAt: Date; body: string },
): string {
  return secrets
    .map((secret) => new Webhook(secret, { format: 'raw' }))
    .map((webhook) => webhook.sign(message.id, message.sentAt, message.body))
    .join(' ')
}

function contextOf(slot: Slot): RecordContext {
  return {
    type: 'endpoint',
    tenantId: slot.tenantId,
    recordId: slot.id,
    field: 'signing_secret',
    generation: slot.secretVersion,
    schema: 1,
    bound: [],
  }
}
