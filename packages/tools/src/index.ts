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
export {
  apiRootOf,
  findTool,
  listCompactTools,
  listToolProviders,
  listTools,
  providerOfTool,
  requestIdHeaderOf,
  summarizeTool,
} from './catalogue.ts'
export type { CompactPlace, CompactTool, ParameterChange } from './compact/compact-tool.ts'
export type {
  Preparation,
  ToolDefinition,
  ToolEffect,
  ToolParameter,
  ToolResponse,
  ToolTarget,
} from './definition.ts'
export { argumentsHash } from './execute/call-record.ts'
export { type ExecutedTool, executeTool, type ToolCall } from './execute/execute-tool.ts'
export { createPlaceMemory } from './execute/place-memory.ts'
export {
  type ApprovalDecision,
  type ApprovalRequest,
  type CallOutcome,
  type CallRecord,
  type CredentialState,
  type EarlierCall,
  type FoundConnection,
  type IdempotencyKeys,
  type KeptResult,
  type KeyOutcome,
  type Place,
  type PlaceMemory,
  SendFailure,
  type SendRequest,
  type SentAnswer,
  type ToolCaller,
  type ToolConnection,
  type ToolPolicy,
  type ToolPorts,
} from './execute/ports.ts'
export { createRateLimit, type RateLimit } from './execute/rate-limit.ts'
export { refuseByPolicy } from './execute/refuse-by-policy.ts'
export { githubTools } from './github/index.ts'
export { gitlabTools } from './gitlab/index.ts'
export {
  type CatalogueList,
  type ListedConnection,
  type ListPage,
  type ListScopedInput,
  listCatalogue,
  listScoped,
  type ScopedList,
  type ToolFilter,
  type UnavailableScopedTool,
} from './list.ts'
export { defaultPolicy, needsApproval } from './policy.ts'
export type {
  Look,
  PageAddress,
  PlaceKind,
  ProviderTools,
} from './provider-tools.ts'
export {
  type ArgumentIssue,
  type Arguments,
  type ReadArguments,
  readArguments,
} from './read-arguments.ts'
export type { FailedCall, Refusal, RefusalRule } from './refusal.ts'
export { PathError, requestOf, type ToolRequest } from './request.ts'
export { toolViewOf } from './tool-view.ts'
