/** Parameters of the tools that add SSH keys. */
import type { ToolParameter } from '../definition.ts'

export const keyTitle: ToolParameter = {
  name: 'title',
  in: 'body',
  type: 'string',
  required: true,
  description: 'Name of the key.',
}

export const publicKey: ToolParameter = {
  name: 'key',
  in: 'body',
  type: 'string',
  required: true,
  description: 'The public half, as one line.',
}

export const keyExpiresAt: ToolParameter = {
  name: 'expires_at',
  in: 'body',
  type: 'string',
  format: 'date-time',
  description: 'ISO 8601 moment after which the key stops working.',
}
