/** What a picker says of a provider's scopes. */
export interface ProviderWords {
  /** What a scope allows, by its name. */
  readonly scopes: Words
  /** Titles of the groups of scopes, by their names. */
  readonly groups: Words
  /** By their names. */
  readonly presets: Readonly<Record<string, { readonly title: string; readonly sentence: string }>>
}

/** What it says of the tools that need them. */
export interface ToolWords {
  /** Titles of the groups of tools, by their names. */
  readonly areas: Words
  /** Titles of tools, by their names. */
  readonly tools: Words
}

/** What the form for a key says. What is absent stands there as the definition has it. */
export interface KeyFormWords {
  readonly keyTitle?: string
  /** By the names of the fields. */
  readonly keyLabels?: Words
  readonly keyHelp?: Words
  readonly keySteps?: readonly string[]
}

type Words = Readonly<Record<string, string>>
