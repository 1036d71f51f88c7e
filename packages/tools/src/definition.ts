import type { Arguments } from './read-arguments.ts'

/**
 * A tool: one operation of a provider that an agent may call as the user, as data. A quirk of the
 * operation is a field here; what has no field is a comment beside the definition.
 */
export interface ToolDefinition {
  /** Unique over all providers, e.g. `gitlab_issues_list`. */
  readonly name: string
  /** What it is about, e.g. `merge_requests`. */
  readonly group: string
  /** For people. */
  readonly title: string
  /** For agents: what it does, and what to know before calling it. */
  readonly description: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the root of the provider's API; each `{placeholder}` is a parameter in the path. The last may be left out, with its slash. */
  readonly path: `/${string}`
  readonly parameters: readonly ToolParameter[]
  /** At least one of these sets of parameters must be given. */
  readonly anyOf?: readonly (readonly string[])[]
  /** Of each set, all parameters must be given or none. */
  readonly together?: readonly (readonly string[])[]
  /** At least one parameter that is not in the path must be given. */
  readonly needsField?: true
  /** Of arguments that the provider's API has no place for: they are written as it takes them. */
  readonly prepare?: Preparation
  readonly response: ToolResponse
  /** The list is a field of an object, beside the count of all. */
  readonly listIn?: { readonly items: string; readonly total: string }
  /** Where the object comes as a list, as of a directory in place of a file: the field that it becomes. */
  readonly entriesOf?: string
  /** The answer is a file of a repository, whose `content` is Base64. */
  readonly isFile?: true
  /** Fields of the answer that are shown where the tenant's policy reveals them, and else withheld. */
  readonly withholds?: readonly string[]
  readonly effect: ToolEffect
  /** Reads what a call is about, so that a person sees what would change. Each that destroys has one. */
  readonly target?: ToolTarget
  /**
   * It gives lasting access, shows or sends data outward, publishes, merges, or starts or stops work.
   * Left out where `effect` is `destroy`: those are always treated as sensitive.
   */
  readonly sensitive?: true
  /** Sending it twice has no further effect. Default: unknown, so that it is not sent twice. */
  readonly idempotent?: true
  /** The role that the user usually needs there, as the provider calls it. */
  readonly role?: string
  /**
   * The least scopes. A token needs each of them, or another scope that implies it; the provider's
   * data says which do. Empty: what is public may be read with any token.
   */
  readonly scopes: readonly string[]
  /** What a token needs in their place where what the tool is about is private. Default: the same. */
  readonly privateScopes?: readonly string[]
}

/** How the thing is read that a call is about. */
export interface ToolTarget {
  /** A tool that reads. It gets the arguments of the same names. */
  readonly tool: string
  /** By name of its parameter: the one of this tool that it gets. */
  readonly from?: Readonly<Record<string, string>>
  /** It lists: the thing is the item whose `field` is the argument. */
  readonly item?: { readonly field: string; readonly parameter: string }
}

/** A pure function over arguments that were checked. */
export interface Preparation {
  /** Whether the thing as it is now must be read first, as `target` says. */
  needsTarget(given: Arguments): boolean
  /** The arguments to send. `target` is undefined where it was not needed. */
  prepare(given: Arguments, target: unknown): Arguments
}

/** `read` changes nothing; `destroy` deletes something, or removes somebody's access. */
export type ToolEffect = 'read' | 'write' | 'destroy'

/** What the provider answers. `none`: no body. */
export type ToolResponse = 'list' | 'object' | 'text' | 'binary' | 'none'

/** One argument of a tool, and where it goes in the request. */
export interface ToolParameter {
  /** As agents know it. Model APIs allow `^[a-zA-Z0-9_.-]{1,64}$`. */
  readonly name: string
  /** Other names that are accepted. */
  readonly aliases?: readonly string[]
  readonly in: 'path' | 'query' | 'body'
  /** The placeholder in the path, where it is not `name`. */
  readonly pathParam?: string
  /** The provider's name of it, where it is not `name`. Brackets nest in a body. */
  readonly wireName?: string
  /** Further names that the value is sent under, for older instances of the provider. */
  readonly alsoAs?: readonly string[]
  /** Used by the executor; not sent. */
  readonly local?: true
  /**
   * The kind of place that it names, by number or path, such as `project`: a policy says which ones tools may touch. The
   * default place of a kind is taken for a parameter in the path.
   */
  readonly place?: string
  /** The place is named by that parameter, a slash and this one. */
  readonly placeWithin?: string
  /** It says where in the place the call acts, such as a branch. The audit log has its value, like those of the path. */
  readonly locates?: true
  /** What it names, such as `merge_request`: where the provider finds nothing, it is the last such in the path. */
  readonly resource?: string
  readonly type: 'string' | 'integer' | 'boolean' | 'array' | 'object'
  /** Type of the items of an array. */
  readonly items?: 'string' | 'integer' | 'object'
  /** JSON Schema of a structured value. */
  readonly schema?: Readonly<Record<string, unknown>>
  readonly format?: 'date' | 'date-time'
  /** The only values; of an array, the only items. */
  readonly enum?: readonly (string | number)[]
  readonly minimum?: number
  readonly maximum?: number
  /** A number beyond minimum or maximum is taken for it. Default: it is refused. */
  readonly clamped?: true
  /** A text of several values with commas between them: a list of texts is taken too. */
  readonly commas?: true
  /** What the provider, or the executor, takes when it is left out. */
  readonly default?: string | number | boolean
  /** The provider requires it: the default is sent when it is left out. */
  readonly sendDefault?: true
  /** Default: it may be left out. */
  readonly required?: true
  /** Its value is neither logged nor shown. */
  readonly secret?: true
  /** For agents. */
  readonly description: string
}
