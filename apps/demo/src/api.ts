import type { Person } from './people.ts'

/**
 * What Acme's backend answers to Acme's page. Types only: both sides import them, and the page takes
 * no code from the server.
 */
export interface Me {
  readonly person: Person
  /** The GitLab instance that this installation of Acme works with; null: Keywell's default. */
  readonly gitlabHost: string | null
  /** A self-managed GitLab that can be connected beside it, to try that out; null: none is known. */
  readonly selfManagedHost: string | null
}

export interface Project {
  readonly id: number
  /** Namespace and name, e.g. `platform/api`. */
  readonly path: string
  readonly name: string
  readonly description: string | null
  readonly url: string
  readonly visibility: 'private' | 'internal' | 'public'
  /** Null: issues are switched off in this project. */
  readonly openIssues: number | null
  readonly lastActivityAt: string | null
}

export interface ProjectList {
  readonly projects: readonly Project[]
  /** There are more at GitLab than are listed here. */
  readonly more: boolean
}

/** Something that Acme works with, besides GitLab. */
export interface Integration {
  /** Name in Keywell's catalogue. */
  readonly provider: string
  readonly title: string
  /** The way in that Acme offers; `title` is what its users call it. */
  readonly method: { readonly id: string; readonly title: string }
  /** Whether an account has an address of its own, a part of which its user types. */
  readonly asksPlace: boolean
}

/** Names of what the user has there: repositories, projects. */
export interface ItemList {
  readonly items: readonly string[]
}

/** Body of every failed call: a code to branch on, and a sentence for people. */
export interface Failure {
  readonly code: FailureCode
  readonly message: string
}

export type FailureCode =
  | 'signed_out'
  | 'forbidden'
  | 'invalid_request'
  | 'not_found'
  | 'not_connected'
  | 'needs_reauth'
  | 'scope_missing'
  | 'busy'
  | 'unavailable'
  | 'provider_error'
  | 'internal'
