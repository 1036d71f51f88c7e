import type { Message, Model } from '../model.ts'
import { type Finding, type Look, look, resultsOf, type WantedCall } from './failing-pipeline.ts'
import { intentOf } from './intent.ts'
import { type ScriptWords, scriptWords } from './words.ts'

/**
 * Stands in for a language model where no key of one is set: it understands three requests, and says so. What it says
 * next follows from the conversation alone.
 */
export const scriptedModel: Model = {
  view: { name: 'Script', scripted: true },
  async next({ messages }) {
    const { text, calls } = nextStep(messages)
    const named = calls.map((call, index) => ({ ...call, id: `${messages.length}-${index}` }))
    return { text, calls: named }
  },
}

interface Step {
  readonly text: string
  readonly calls: readonly WantedCall[]
}

function nextStep(messages: readonly Message[]): Step {
  const index = messages.findLastIndex(({ role }) => role === 'user')
  const asked = messages[index]
  if (asked?.role !== 'user') return { text: '', calls: [] }
  const words = scriptWords[asked.language]
  const since = messages.slice(index + 1)
  const refusal = since.find((message) => message.role === 'tool' && !message.outcome.ok)
  if (refusal?.role === 'tool' && !refusal.outcome.ok) {
    return finish(words.refused(refusal.outcome.error))
  }
  const intent = intentOf(asked.text)
  switch (intent) {
    case 'unknown':
      return finish(words.unknown)
    case 'look':
      return onceFound(look(since), words, (finding) => finish(words.found(finding)))
    case 'report':
    case 'delete': {
      const [done] = resultsOf(since, toolOf[intent])
      if (done !== undefined) return finish(words.done[intent](done))
      const known = look(messages)
      const found = known.state === 'found' ? known : look(since)
      return onceFound(found, words, (finding) => calling(act(intent, finding, words)))
    }
    default:
      return intent satisfies never
  }
}

/** Looks on, or goes on with what was found. */
function onceFound(looked: Look, words: ScriptWords, goOn: (finding: Finding) => Step): Step {
  switch (looked.state) {
    case 'looking':
      return { text: '', calls: looked.calls }
    case 'nothing':
      return finish(words.nothing)
    case 'found':
      return goOn(looked.finding)
    default:
      return looked satisfies never
  }
}

const toolOf = { report: 'gitlab_issue_create', delete: 'gitlab_pipeline_delete' } as const

function act(intent: 'report' | 'delete', finding: Finding, words: ScriptWords): WantedCall {
  const { projectId, pipelineId } = finding
  const more = intent === 'report' ? words.issue(finding) : { pipeline_id: pipelineId }
  return { tool: toolOf[intent], arguments: { project_id: projectId, ...more } }
}

function calling(call: WantedCall): Step {
  return { text: '', calls: [call] }
}

function finish(text: string): Step {
  return { text, calls: [] }
}
