/**
 * The catalogue of tools, as data.
 *
 * ```ts
 * findTool('gitlab_issues_list')?.scopes // ['read_api']
 * listTools('gitlab').filter(({ effect }) => effect === 'read')
 * ```
 */
export { findTool, listTools, summarizeTool } from './catalogue.ts'
export type { ToolDefinition, ToolEffect, ToolParameter, ToolResponse } from './definition.ts'
export { gitlabTools } from './gitlab/index.ts'
