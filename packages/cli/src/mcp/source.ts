import type { McpServerFactory } from '@modelcontextprotocol/server'
import type { Choice } from './profiles.ts'

/** Whose tools are served: those of an instance with one credential, or of a connection in a running service. */
export interface Source {
  /** A line for each check that passes. @throws CheckFailure for the first that does not */
  check(): AsyncIterable<string>
  /** Checks first. @throws CheckFailure */
  open(choice: Choice): Promise<McpServerFactory>
  close(): Promise<void>
}
