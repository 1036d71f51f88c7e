export { type CompactOptions, compactTools } from '../compact/compact-tools.ts'
export { type ErrorObject, errorObjectOf } from './error-object.ts'
export {
  approvalArgument,
  type McpAnswer,
  type McpCall,
  type McpTool,
  type McpTools,
  mcpToolOf,
} from './mcp-tools.ts'
export { searchedTools } from './search.ts'
export { createMcpServer, type McpServerOptions } from './server.ts'
