import type {
  AssistantView,
  AuditRow,
  Entry,
  EntryAnswer,
  Language,
  StreamLine,
} from '../../assistant-api.ts'
import { ApiError, call, openCall } from '../acme-api.ts'

const path = '/api/assistant'

export function fetchAssistant(signal?: AbortSignal): Promise<AssistantView> {
  return call<AssistantView>(path, { signal: signal ?? null })
}

export function fetchAuditRows(signal: AbortSignal): Promise<readonly AuditRow[]> {
  return call<readonly AuditRow[]>(`${path}/audit`, { signal })
}

export async function startOver(): Promise<void> {
  await call(path, { method: 'DELETE' })
}

/** Entries as they come, until the assistant has finished or waits. */
export function say(text: string, language: Language): AsyncGenerator<Entry, void, void> {
  return entriesOf(`${path}/messages`, { text, language })
}

export function answerEntry(entry: number, answer: EntryAnswer): AsyncGenerator<Entry, void, void> {
  return entriesOf(`${path}/answers`, { entry, answer })
}

async function* entriesOf(url: string, body: unknown): AsyncGenerator<Entry, void, void> {
  const response = await openCall(url, { method: 'POST', body: JSON.stringify(body) })
  for await (const line of linesOf(response)) {
    // Page and backend are one deployment, typed by the same file.
    const said = JSON.parse(line) as StreamLine
    if ('failure' in said) throw new ApiError(said.failure)
    yield said.entry
  }
}

/** By the reader: not every browser has async iteration of streams. */
async function* linesOf(response: Response): AsyncGenerator<string, void, void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true }
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
