import type { FieldsOf, MessageAt } from '@keywell/protocol/log-lines'

export type { FieldsOf }

/**
 * What the engine asks of a logger; pino fits, and so does anything with these methods. Each message and its
 * fields are those of `@keywell/protocol/log-lines`. Fields never hold a secret.
 */
export interface Logger {
  debug<Message extends MessageAt<'debug'>>(fields: FieldsOf<Message>, message: Message): void
  info<Message extends MessageAt<'info'>>(fields: FieldsOf<Message>, message: Message): void
  warn<Message extends MessageAt<'warn'>>(fields: FieldsOf<Message>, message: Message): void
  error<Message extends MessageAt<'error'>>(fields: FieldsOf<Message>, message: Message): void
  /** Whether lines of a level are written, so that none is made for nothing. Default: all are. */
  isLevelEnabled?(level: string): boolean
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  isLevelEnabled: () => false,
}
