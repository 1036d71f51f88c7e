/**
 * The catalogue of tools, as data.
 *
 * ```ts
 * findTool('gitlab_issues_list')?.scopes // ['read_api']
 * listTools('gitlab').filter(({ effect }) => effect === 'read')
 * ```
 */
export { AnswerError } from './answer/answer-error.ts'
export {
  type AnswerOptions,
  type ProviderAnswer,
  readAnswer,
  type ToolResult,
} from './answer/read-answer.ts'
export { type ArgumentSchema, inputSchemaOf, type JsonSchema } from './argument-schema.ts'
export { apiRootOf, findTool, listTools, summarizeTool } from './catalogue.ts'
export type {
  Preparation,
  ToolDefinition,
  ToolEffect,
  ToolParameter,
  ToolResponse,
  ToolTarget,
} from './definition.ts'
export {
  type ApprovalDecision,
  type ApprovalRequest,
  type CallOutcome,
  type CallRecord,
  type CredentialState,
  type FoundConnection,
  SendFailure,
  type SendRequest,
  type SentAnswer,
  type ToolCaller,
  type ToolConnection,
  type ToolPolicy,
  type ToolPorts,
} from './execute/ports.ts'
export { githubTools } from './github/index.ts'
export { gitlabTools } from './gitlab/index.ts'
export {
  type ArgumentIssue,
  type Arguments,
  type ReadArguments,
  readArguments,
} from './read-arguments.ts'
export { PathError, requestOf, type ToolRequest } from './request.ts'
