import { createHash } from 'node:crypto'
import type { AuditKeys } from './audit-keys.ts'
import type { AuditKey } from './seal.ts'

/** Keys of the audit log without a vault; `rotate` begins a new version. */
export class FixedAuditKeys implements AuditKeys {
  #version = 1

  current(): AuditKey {
    return keyOf(this.#version)
  }

  async find(version: number): Promise<AuditKey> {
    return keyOf(version)
  }

  rotate(): void {
    this.#version += 1
  }

  async load(): Promise<void> {}
}

function keyOf(version: number): AuditKey {
  return { version, key: createHash('sha256').update(`audit key ${version}`).digest() }
}
