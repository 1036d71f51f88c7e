/** One agent of one framework on one Node: what it says, and what its model was sent. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Installed, Node } from './install.ts'
import type { ModelServer } from './model-server.ts'
import { type Scene, who } from './scene.ts'
import { createdTitle, followUp, lastWords } from './script.ts'
import type { Framework } from './table.ts'

const maxRunMs = 180_000
const toolNames = ['gitlab_issues_list', 'gitlab_issue_create']

/** Answers what is wrong; undefined: nothing. */
export async function tryAgent(
  { scene, model }: { readonly scene: Scene; readonly model: ModelServer },
  framework: Framework,
  { node, installed }: { readonly node: Node; readonly installed: Installed },
): Promise<string | undefined> {
  const project = await scene.createProject(`${framework.agent}-on-${node.major}`)
  model.begin(followUp(project))
  const { given, secrets } = await givenTo(scene, framework)
  const { text, output } = await run(framework, node, installed, {
    ...given,
    AGENT_PROMPT: `Look at the issues of ${project}, and open one that follows.`,
    MODEL_URL: model.url,
  })
  if (text !== lastWords) return `it ends with ${JSON.stringify(text)}: ${output.slice(-2_000)}`
  const titles = await scene.issuesOf(project)
  if (!titles.includes(createdTitle)) return `the issues are ${titles.join(', ')}`
  // Three at least: each result is sent to the model.
  const received = model.received()
  if (received.length < 3) return `the model was sent ${received.length} requests`
  const found = secrets.find((secret) => received.some((request) => request.includes(secret)))
  return found === undefined ? undefined : 'the model was sent a secret'
}

/** An adapter's process has an API key, an agent of MCP a token of the user. Neither may reach the model. */
async function givenTo(
  { url, apiKey, token, keywell }: Scene,
  { usesMcp }: Framework,
): Promise<{ given: Record<string, string>; secrets: string[] }> {
  if (!usesMcp) {
    const given = {
      KEYWELL_URL: url,
      KEYWELL_API_KEY: apiKey,
      AGENT_TENANT: who.tenantId,
      AGENT_USER: who.userId,
    }
    return { given, secrets: [token, apiKey] }
  }
  const grant = { ...who, provider: 'gitlab', tools: toolNames }
  const made = await keywell.tools.mcpTokens.create(grant)
  return {
    given: { MCP_URL: made.url, MCP_TOKEN: made.token },
    secrets: [token, apiKey, made.token],
  }
}

async function run(
  { agent }: Framework,
  node: Node,
  { folder }: Installed,
  environment: Record<string, string>,
): Promise<{ text: unknown; output: string }> {
  const { PATH = '' } = process.env
  const child = spawn(node.path, [join(folder, `${agent}.mjs`)], {
    cwd: folder,
    env: { PATH, HOME: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: maxRunMs,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  await once(child, 'close')
  return { text: textIn(output), output }
}

/** Of the line in which an agent says how it ended. */
function textIn(output: string): unknown {
  const line = output.split('\n').findLast((each) => each.startsWith('{"text":'))
  // The line is made by `agents/environment.mjs`.
  return line === undefined ? undefined : (JSON.parse(line) as { text: unknown }).text
}
