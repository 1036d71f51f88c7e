import { KeywellError } from '@keywell/protocol'
import type { CompactTool } from './compact-tool.ts'

/** An error of the tool behind, in the names that the profile has: a model cannot call the others. */
export function inCompactWords(
  error: KeywellError,
  compact: CompactTool,
  profile: readonly CompactTool[],
): KeywellError {
  const { code, detail, nextStep, tool, ...details } = error
  if (tool === undefined) return error
  const names = [...toolNames(profile), ...parameterNames(compact)]
  const renamed = (text: string) =>
    names.reduce((said, [full, short]) => said.replaceAll(full, short), text)
  return new KeywellError(code, renamed(detail), {
    ...details,
    nextStep: renamed(nextStep),
    tool: {
      ...tool,
      name: compact.name,
      ...(tool.issues !== undefined && {
        issues: tool.issues.map(({ field, problem }) => ({
          field: renamed(field),
          problem: renamed(problem),
        })),
      }),
    },
  })
}

/** From the longest, since one may begin another. */
function toolNames(profile: readonly CompactTool[]): [string, string][] {
  return profile
    .flatMap(({ name, tool, within = [] }) =>
      [tool, ...within.map((each) => each.tool)].map((full): [string, string] => [full, name]),
    )
    .toSorted(([one], [other]) => other.length - one.length)
}

function parameterNames({ changes = {} }: CompactTool): [string, string][] {
  return Object.entries(changes).flatMap(([full, { name }]) =>
    name === undefined ? [] : [[full, name]],
  )
}
