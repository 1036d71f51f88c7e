import { useEffect, useEffectEvent, useState } from 'react'
import type { AssistantView, Entry, EntryAnswer } from '../../assistant-api.ts'
import type { ApiError } from '../acme-api.ts'
import { useLanguage } from '../language.ts'
import { asApiError } from '../use-answer.ts'
import { answerEntry, fetchAssistant, say, startOver } from './assistant-calls.ts'

export interface Assistant {
  /** Undefined until it is known. */
  readonly view: AssistantView | undefined
  /** Entries from this id on came while the page was open. */
  readonly newFrom: number
  readonly error: ApiError | undefined
  /** Counts what has happened, so that other parts know when to look again. */
  readonly changes: number
  readonly say: (text: string) => void
  readonly answer: (entry: number, answer: EntryAnswer) => void
  readonly startOver: () => void
}

/** How often a conversation is read again while it is at work for another tab. */
const readAgainMs = 1_000

/** The conversation with the assistant, as Acme's backend keeps it for this browser. */
export function useAssistant(): Assistant {
  const [view, setView] = useState<AssistantView>()
  const [error, setError] = useState<ApiError>()
  const [changes, setChanges] = useState(0)
  const [streams, setStreams] = useState(false)
  const [newFrom, setNewFrom] = useState(0)
  const { language } = useLanguage()

  async function follow(entries: AsyncIterable<Entry>): Promise<void> {
    if (view === undefined || view.busy) return
    setError(undefined)
    setStreams(true)
    setView({ ...view, busy: true })
    try {
      for await (const entry of entries) {
        setView((before) => before && { ...before, entries: withEntry(before.entries, entry) })
        setChanges((before) => before + 1)
      }
    } catch (reason) {
      setError(asApiError(reason))
      // A stream that broke off may have told less than there is.
      readView()
    }
    setStreams(false)
    setView((before) => before && { ...before, busy: false })
    setChanges((before) => before + 1)
  }

  function readView(signal?: AbortSignal): void {
    fetchAssistant(signal).then(
      (read) => {
        if (view === undefined) setNewFrom(read.entries.length)
        setView(read)
      },
      (reason: unknown) => {
        if (!signal?.aborted) setError(asApiError(reason))
      },
    )
  }
  const readNow = useEffectEvent(readView)
  useEffect(() => {
    const abort = new AbortController()
    readNow(abort.signal)
    return () => abort.abort()
  }, [])
  const isElsewhere = view?.busy === true && !streams
  useEffect(() => {
    if (!isElsewhere) return
    const abort = new AbortController()
    const timer = setInterval(() => readNow(abort.signal), readAgainMs)
    return () => {
      clearInterval(timer)
      abort.abort()
    }
  }, [isElsewhere])

  return {
    view,
    newFrom,
    error,
    changes,
    say: (text) => void follow(say(text, language)),
    answer: (entry, given) => void follow(answerEntry(entry, given)),
    startOver() {
      setError(undefined)
      startOver().then(
        () => {
          setNewFrom(0)
          setView((before) => before && { ...before, entries: [], busy: false })
        },
        (reason: unknown) => setError(asApiError(reason)),
      )
    },
  }
}

function withEntry(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  const others = entries.filter(({ id }) => id !== entry.id)
  return [...others, entry].sort((one, other) => one.id - other.id)
}
