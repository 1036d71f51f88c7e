/** Which tool shows whether a change was made. */
import { providerOfTool } from './catalogue.ts'
import type { ToolDefinition } from './definition.ts'

/**
 * The tool that reads what a call is about, as far as its definition says; else, of those of its group that read, the one
 * whose path goes along with its own for the longest, and no further than it must.
 */
export function readingToolOf(tool: ToolDefinition): string | undefined {
  if (tool.target !== undefined) return tool.target.tool
  const path = segmentsOf(tool)
  const readers = (providerOfTool(tool.name)?.tools ?? [])
    .filter(({ effect, group }) => effect === 'read' && group === tool.group)
    .map((reader) => ({ name: reader.name, path: segmentsOf(reader) }))
    .map(({ name, path: other }) => ({ name, shared: sharedBy(path, other), length: other.length }))
    .sort((a, b) => b.shared - a.shared || a.length - b.length)
  return readers[0]?.name
}

/** A placeholder is one, whatever its name. */
function segmentsOf({ path }: ToolDefinition): string[] {
  return path.split('/').map((segment) => (segment.startsWith('{') ? '{}' : segment))
}

function sharedBy(path: readonly string[], other: readonly string[]): number {
  const differs = path.findIndex((segment, index) => segment !== other[index])
  return differs === -1 ? path.length : differs
}
