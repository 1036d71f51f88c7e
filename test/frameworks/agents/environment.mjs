/** What the program gives an agent by its environment, and what an agent answers. */

const { AGENT_TENANT, AGENT_USER, AGENT_PROMPT, MODEL_URL, MCP_URL, MCP_TOKEN } = process.env

export const who = { tenantId: AGENT_TENANT, userId: AGENT_USER }
export const prompt = AGENT_PROMPT
/** Of the scripted model; the API of each vendor is below it. */
export const modelUrl = MODEL_URL
/** Anything: the scripted model takes every key. */
export const modelKey = 'none'
export const toolNames = ['gitlab_issues_list', 'gitlab_issue_create']

/** Of an agent that speaks MCP with the service. */
export const mcp = { url: MCP_URL, headers: { authorization: `Bearer ${MCP_TOKEN}` } }

/** The last words of the model. Some libraries keep a process alive, and it has nothing more to do. */
export function end(text) {
  process.stdout.write(`\n${JSON.stringify({ text })}\n`, () => process.exit(0))
}
