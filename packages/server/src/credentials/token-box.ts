import { KeywellError } from '@keywell/protocol'
import type { Logger } from '../logger.ts'
import {
  decodeTokenSet,
  encodeTokenSet,
  type TokenBox,
  type TokenSetOwner,
} from '../oauth/token-set.ts'
import { isKeyOutage, type RecordContext, type Vault, VaultError } from '../vault/vault.ts'

/** The one place where a sealed credential is opened. */
export function createTokenBox(parts: { vault: Vault; logger: Logger }): TokenBox {
  async function open(owner: TokenSetOwner, context: RecordContext, sealed: Uint8Array) {
    try {
      return decodeTokenSet(await parts.vault.open(context, sealed))
    } catch (cause) {
      const reason = cause instanceof VaultError ? cause.reason : 'content'
      if (isKeyOutage(cause)) {
        throw new KeywellError('unavailable', 'The key store does not answer.', { cause })
      }
      if (cause instanceof VaultError && cause.keyState === 'tenant_destroyed') {
        throw new KeywellError('not_connected', 'There is no such connection.', { cause })
      }
      // The caller gets one answer. For the operator the reasons differ.
      const { tenantId, connectionId, generation } = owner
      parts.logger.error(
        { alarm: 'credential_unreadable', reason, tenantId, connectionId, generation },
        'credential unreadable',
      )
      throw new KeywellError('credential_unreadable', 'The stored credential cannot be read.', {
        cause,
      })
    }
  }

  return {
    async seal(owner, tokens) {
      return parts.vault.seal(contextOf(owner), encodeTokenSet(tokens))
    },
    open: (owner, sealed) => open(owner, contextOf(owner), sealed),
    async sealOrphan(owner, attemptId, tokens) {
      return parts.vault.seal(orphanContextOf(owner, attemptId), encodeTokenSet(tokens))
    },
    openOrphan: (owner, attemptId, sealed) =>
      open(owner, orphanContextOf(owner, attemptId), sealed),
  }
}

function contextOf(owner: TokenSetOwner): RecordContext {
  return {
    type: 'credential',
    tenantId: owner.tenantId,
    recordId: owner.connectionId,
    field: owner.type === 'api_key' ? 'api_key' : 'token_set',
    generation: owner.generation,
    schema: 1,
    bound: [owner.userId, owner.integrationId, owner.provider, owner.method, owner.host],
  }
}

function orphanContextOf(owner: TokenSetOwner, attemptId: string): RecordContext {
  const context = contextOf(owner)
  return { ...context, type: 'orphan', bound: [...context.bound, attemptId] }
}
