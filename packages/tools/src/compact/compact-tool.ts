/**
 * A tool of a compact profile, as data: another tool under a shorter name, with fewer arguments, of whose answer some
 * fields are kept. It is called as the other one, with all that holds for that.
 */
import type { ToolParameter } from '../definition.ts'

export interface CompactTool {
  readonly name: string
  readonly title: string
  readonly description: string
  /** The tool that is called; of several, what is called where none of `within` is meant. */
  readonly tool: string
  /** Tools for a part of the provider: the first whose parameter is given, else the first whose place has a default. */
  readonly within?: readonly CompactPlace[]
  /** Parameters of the tool that it takes, by their names there. */
  readonly takes: readonly string[]
  /** What is else about a parameter, by its name at the tool. */
  readonly changes?: Readonly<Record<string, ParameterChange>>
  /** Fields of the answer, or of each item of it, that are kept. Left out: an item is `{ type, data }`, as a search has it. */
  readonly fields?: readonly string[]
  /** It is listed where this tool can be called. Default: `tool`. */
  readonly listedWith?: string
}

export interface CompactPlace {
  readonly tool: string
  readonly parameter: string
  /** Kind of place, as a policy's defaults have it. */
  readonly place: string
}

export type ParameterChange = Partial<
  Pick<ToolParameter, 'name' | 'type' | 'items' | 'commas' | 'enum' | 'description'>
>
