import type { ToolParameter } from './definition.ts'

/** Parameters of a list whose pages are counted from 1, with 100 items at most. */
export function pagingOf(defaultSize: number): readonly ToolParameter[] {
  return [
    {
      name: 'page',
      in: 'query',
      type: 'integer',
      minimum: 1,
      clamped: true,
      default: 1,
      description: 'Page to return, counted from 1. Default: 1.',
    },
    {
      name: 'per_page',
      in: 'query',
      type: 'integer',
      minimum: 1,
      maximum: 100,
      clamped: true,
      default: defaultSize,
      description: `Items on a page, at most 100. Default: ${defaultSize}.`,
    },
  ]
}
