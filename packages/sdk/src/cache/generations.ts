import type { ConnectionId, ReadCredentialAnswer } from '@keywell/protocol'
import { LRUCache } from 'lru-cache'

/**
 * The highest generation seen of each connection: nothing below it is taken any more, whether it comes
 * from a row that was restored or from an answer that was overtaken.
 */
export class Generations {
  readonly #seen: LRUCache<ConnectionId, number>

  constructor(max: number) {
    this.#seen = new LRUCache({ max })
  }

  see(connectionId: ConnectionId, generation: number): void {
    this.#seen.set(connectionId, Math.max(generation, this.highest(connectionId)))
  }

  /** 0: none was seen. */
  highest(connectionId: ConnectionId): number {
    return this.#seen.get(connectionId) ?? 0
  }

  isTooOld({ connectionId, generation }: ReadCredentialAnswer): boolean {
    return generation < this.highest(connectionId)
  }
}
