/**
 * `npm run frameworks`: the newest version of each framework for agents, as an app installs it, with tools of the service
 * and a model that follows a script. Nothing but npm's registry is asked. Names of programs in `agents` choose some. With
 * `--write`, what was tried is written down where all of it passed.
 */
import { install, type Node, nodes, packSdk } from './install.ts'
import { startModel } from './model-server.ts'
import { startScene } from './scene.ts'
import { type Framework, frameworks } from './table.ts'
import { type Tried, writeTried } from './tried.ts'
import { tryAgent } from './try.ts'

const words = process.argv.slice(2)
const chosen = words.filter((word) => word !== '--write')
const wanted = frameworks.filter(({ agent }) => chosen.length === 0 || chosen.includes(agent))

const sdk = await packSdk()
const { oldest, newest } = await nodes()
const scene = await startScene()
const model = await startModel()
const tried: Tried[] = []
let failures = 0
try {
  for (const framework of wanted) {
    const { onOldest } = framework
    if (onOldest !== undefined) await tryOne(framework, oldest, onOldest)
    await tryOne(framework, newest, undefined)
  }
} finally {
  model.stop()
  await scene.stop()
}
if (words.includes('--write') && failures === 0) await writeTried(tried)
process.stdout.write(`${tried.length} passed, ${failures} failed\n`)
process.exitCode = failures === 0 && tried.length > 0 ? 0 : 1

async function tryOne(framework: Framework, node: Node, range: string | undefined): Promise<void> {
  const { name, library } = framework
  const at = `${name}: ${library}`
  try {
    const installed = await install(framework, node, { range, sdk })
    const { version } = installed
    const problem = await tryAgent({ scene, model }, framework, { node, installed })
    if (problem !== undefined) throw new Error(`${version}: ${problem}`)
    tried.push({ framework: name, library, version, node: node.version })
    process.stdout.write(`ok    ${at} ${version} on Node ${node.version}\n`)
  } catch (error) {
    failures += 1
    process.stdout.write(`FAIL  ${at} on Node ${node.version}: ${String(error)}\n`)
  }
}
