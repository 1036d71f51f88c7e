/**
 * What an execution needs of the world around it. The service has connections, a vault and a database behind these;
 * a stdio server has one token; a test has what it wants to see.
 */
import type { ConnectionId, ReauthReason, ScopeImplications } from '@keywell/protocol'
import type { ToolResult } from '../answer/read-answer.ts'
import type { ToolDefinition } from '../definition.ts'
import type { Arguments } from '../read-arguments.ts'
import type { ToolRequest } from '../request.ts'

/** Whose connection is meant, and which one. */
export interface ToolCaller {
  readonly tenantId: string
  /** Null: the tenant's own connection. */
  readonly userId: string | null
  /** Undefined: `default`; where there is none of that name and exactly one other, that one. */
  readonly connectionName: string | undefined
  /** Needed only where there are connections on several hosts. */
  readonly host: string | undefined
}

export interface ToolConnection {
  readonly id: ConnectionId
  readonly name: string
  readonly provider: string
  /** Base URL, with the relative root of an instance that has one. */
  readonly host: string
  readonly generation: number
  /** Undefined: not known, so that the provider decides. */
  readonly scopes: readonly string[] | undefined
  /** Which scope implies which, by the definition that the connection was made with. */
  readonly implications: ScopeImplications
}

export type FoundConnection =
  | { readonly state: 'active'; readonly connection: ToolConnection }
  /** `names`: those of other connections of this owner at the provider, so that an agent can name one. */
  | {
      readonly state: 'not_connected'
      readonly names: readonly string[]
      readonly connectUrl?: string
    }
  /** Several, and none is `default`. */
  | {
      readonly state: 'ambiguous'
      readonly names: readonly string[]
      readonly hosts: readonly string[]
    }
  | { readonly state: 'needs_reauth'; readonly reason: ReauthReason; readonly connectUrl?: string }

/** What a tenant, a user and a token may do with tools of one provider: of several policies, the strictest. */
export interface ToolPolicy {
  /** Only tools that change nothing. */
  readonly readOnly: boolean
  /** Where `readOnly` is set, in words. */
  readonly readOnlyBy?: string
  /** The only tools; null: all. */
  readonly names: readonly string[] | null
  /** Those that the operator named: where places are limited, no other tool may be about none of them. */
  readonly named: readonly string[]
  /** Never these. */
  readonly denied: readonly string[]
  /** Which calls a person approves first. `sensitive` and `writes` include those that destroy. */
  readonly approval: 'never' | 'destroy' | 'sensitive' | 'writes'
  /**
   * By kind of place (`project`, `group`, `repository`): the only ones, as numbers, paths, or `acme/*`. A kind that is
   * left out is not limited.
   */
  readonly places: Readonly<Record<string, readonly string[]>>
  /** By kind of place: what is taken where the argument is left out. */
  readonly defaultPlaces: Readonly<Record<string, string>>
  /** Shows what a tool withholds, such as values of CI/CD variables. */
  readonly revealsValues: boolean
  /** Calls of one connection in a window; 0 calls: no limit. */
  readonly rateLimit: { readonly calls: number; readonly windowMs: number }
  /** Bytes of a list or an object, as JSON. */
  readonly maxResultBytes: number
}

/** A request to the provider, as the user. */
export interface SendRequest extends ToolRequest {
  /** Below the host of the connection: the root of the provider's API (`apiRootOf`), and the path of the tool. */
  readonly path: string
  readonly accept: 'json' | 'text' | 'binary'
  /** Bytes of the answer; a longer one is cut off there, see `cutAt`. */
  readonly maxBytes: number
  readonly timeoutMs: number
  /**
   * False: a redirect to another address that would get the credential is the answer. What was asked for has moved, and
   * the policy has not said that it may be touched where it is now.
   */
  readonly followsMoves: boolean
  /** The caller has gone. */
  readonly signal: AbortSignal | undefined
}

export interface SentAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  /** The body was longer than `maxBytes`; it is what came before. */
  readonly isCut: boolean
  /** Generation of the credential that was sent. */
  readonly generation: number
  /** Texts that must not reach an agent, such as the access token of the call. Only for cutting them out. */
  readonly secrets: readonly string[]
}

/** Why there is no answer. */
export class SendFailure extends Error {
  readonly kind: 'unreachable' | 'timed_out' | 'broken_off' | 'host_not_allowed' | 'outside_reach'
  /** Whether the provider may have got the request. */
  readonly wasSent: boolean
  /** Who can allow it, and where. Default: known by `kind`. */
  readonly nextStep: string | undefined

  constructor(kind: SendFailure['kind'], detail: string, wasSent: boolean, nextStep?: string) {
    super(detail)
    this.kind = kind
    this.wasSent = wasSent
    this.nextStep = nextStep
  }
}

/** What the provider's answer 401 means for a credential. */
export type CredentialState =
  /** There is a newer one: send once more. */
  | { readonly state: 'renewed' }
  /** The provider takes it: the 401 refused rights. */
  | { readonly state: 'alive' }
  | { readonly state: 'dead'; readonly reason: ReauthReason; readonly connectUrl?: string }
  /** It is in no vault, such as the token of a stdio server: it needs to be replaced by hand. */
  | { readonly state: 'invalid' }
  /** It could not be found out. */
  | { readonly state: 'unknown' }

/** Of one call in the audit log. */
export interface CallRecord {
  readonly tool: ToolDefinition
  readonly connection: ToolConnection
  /** Without the values of secret parameters. */
  readonly arguments: Arguments
  /** What it is about, by argument: a place, what is below it, and where in it. */
  readonly target: Readonly<Record<string, string>>
  /** SHA-256 of tool and arguments, as `argumentsHash` makes it. */
  readonly hash: string
  readonly isDryRun: boolean
  readonly approvalId: string | undefined
}

export interface CallOutcome {
  /** `ok`, or the code of the error. */
  readonly result: string
  readonly refusedBy?: 'keywell' | 'provider'
  readonly providerStatus?: number
  readonly providerRequestId?: string
  /** Requests to the provider, with retries and hints. */
  readonly requests: number
  /** Milliseconds of the call, checks included, and of the requests. */
  readonly totalMs: number
  readonly providerMs: number
  /** Bytes of the bodies. */
  readonly bytesOut: number
  readonly bytesIn: number
}

/** A project, a group or the like, by both of its names. */
export interface Place {
  readonly number: string
  /** In lower case. */
  readonly path: string
}

/** What was looked up. A place may move: entries end after minutes. */
export interface PlaceMemory {
  get(key: string): Place | undefined
  set(key: string, place: Place): void
}

export type ApprovalDecision =
  | { readonly state: 'approved' }
  | {
      readonly state: 'pending'
      readonly id: string
      readonly url?: string
      readonly endsAt: string
    }
  | { readonly state: 'denied' }
  /** Not for these arguments, used, ended, or not known: one that is pending has to be asked for. */
  | { readonly state: 'invalid'; readonly reason: 'other_call' | 'used' | 'expired' | 'unknown' }

/** The result of a change, as far as it is kept for a repeat of its call. */
export interface KeptResult extends ToolResult {
  /** Of the call that made the change. */
  readonly executionId: string
}

/** What became of the call that took an idempotency key before. */
export type EarlierCall =
  /** It had another tool or other arguments. */
  | { readonly state: 'other_call' }
  | { readonly state: 'in_progress' }
  /** It was cut off, or has no answer: the change may have been made. */
  | { readonly state: 'unknown' }
  /** The change was made. Undefined: its result is not kept. */
  | { readonly state: 'done'; readonly result?: KeptResult | undefined }

/** `free`: nothing was sent, or the provider refused; the call may be made again under the key. */
export type KeyOutcome = Extract<EarlierCall, { state: 'unknown' | 'done' }> | { state: 'free' }

/** Of changes, for a day each. */
export interface IdempotencyKeys {
  /**
   * Takes a key of the connection for this call, or answers what became of the one that has it. A call that has not
   * settled its key after `mostMs` was cut off.
   */
  take(key: string, call: CallRecord, mostMs: number): Promise<EarlierCall | undefined>
  /** Never throws: what is not stored is not known. */
  settle(key: string, call: CallRecord, outcome: KeyOutcome): Promise<void>
  /** Before an earlier result is answered again: it is not, where the audit log cannot be written. */
  replayed(call: CallRecord): Promise<void>
}

/** What a person is shown who approves a call. */
export interface ApprovalRequest {
  readonly call: CallRecord
  readonly request: ToolRequest
  /** In a sentence, with the names of what it touches. */
  readonly summary: string
}

/** One call of a tool, for one caller; made for each execution. */
export interface ToolPorts {
  /** Milliseconds since 1970. */
  now(): number
  wait(ms: number): Promise<void>
  /** Numbers and paths of places that were looked up; one for all executions of a process. */
  readonly placeMemory: PlaceMemory
  findConnection(provider: string): Promise<FoundConnection>
  policy(provider: string): Promise<ToolPolicy>
  /** @throws SendFailure */
  send(connection: ToolConnection, request: SendRequest): Promise<SentAnswer>
  /** Asks what a 401 meant, of the generation that was sent. */
  examine(connection: ToolConnection, generation: number): Promise<CredentialState>
  /** Takes one place in the window of the connection. Returns the milliseconds until there is one, or 0. */
  takePlace(connection: ToolConnection, policy: ToolPolicy): number
  /** The provider asked to wait. */
  pause(connection: ToolConnection, ms: number): void
  /** A link that asks the user for scopes that are missing. */
  connectUrl(provider: string, missingScopes: readonly string[]): Promise<string | undefined>
  /** The state of an approval, and uses it up where it is approved. */
  useApproval(id: string, call: CallRecord): Promise<ApprovalDecision>
  requestApproval(
    request: ApprovalRequest,
  ): Promise<ApprovalDecision & { readonly state: 'pending' }>
  /** Absent: calls have no idempotency keys. */
  readonly keys?: IdempotencyKeys
  /** Before something is sent: nothing is, where it cannot be written. Returns the id of the execution. */
  begin(call: CallRecord): Promise<string>
  end(executionId: string, call: CallRecord, outcome: CallOutcome): Promise<void>
  /** A call that was refused before anything was to be sent. `call`: as far as it was checked. */
  refused(
    tool: ToolDefinition | string,
    outcome: Pick<CallOutcome, 'result'>,
    call: CallRecord | undefined,
  ): Promise<void>
}
