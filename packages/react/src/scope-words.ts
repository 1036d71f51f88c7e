import type { ScopeOptions, ToolSummary } from './core/index.ts'
import { own } from './own.ts'
import type { ScopeWords } from './texts/scopes.ts'

/** What the parts of an offer are called: the app's own words for them, else the service's. */
export interface Wording {
  readonly scope: (scope: ScopeOptions['scopes'][number]) => string
  readonly group: (group: { readonly name: string; readonly title: string }) => string
  readonly preset: (preset: ScopeOptions['scopePresets'][number]) => {
    readonly title: string
    readonly sentence: string
  }
  /** Tools under the titles of what they are about. */
  readonly areas: (tools: readonly ToolSummary[]) => readonly Area[]
  readonly tool: (tool: ToolSummary) => string
}

export interface Area {
  readonly title: string
  readonly tools: readonly string[]
}

export function wordingOf({
  scopes = {},
  groups = {},
  presets = {},
  areas = {},
  tools: titles = {},
}: ScopeWords = {}): Wording {
  const tool = ({ name, title }: ToolSummary) => own(titles, name) ?? title
  return {
    scope: ({ name, sentence }) => own(scopes, name) ?? sentence,
    group: ({ name, title }) => own(groups, name) ?? title,
    preset: (preset) => own(presets, preset.name) ?? preset,
    areas: (tools) =>
      [...new Set(tools.map(({ group }) => group))].map((area) => ({
        title: own(areas, area) ?? capitalized(area),
        tools: tools.filter(({ group }) => group === area).map(tool),
      })),
    tool,
  }
}

/** `merge_requests` is `Merge requests`. */
function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ')
}
