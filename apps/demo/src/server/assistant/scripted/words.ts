import { z } from 'zod'
import type { Language } from '../../../assistant-api.ts'
import type { CallError } from '../model.ts'
import type { Finding, Result } from './failing-pipeline.ts'

/** What the script says. Words of the provider stand in it as quotations. */
export interface ScriptWords {
  readonly unknown: string
  readonly nothing: string
  readonly found: (finding: Finding) => string
  readonly issue: (finding: Finding) => { title: string; description: string }
  readonly done: Readonly<Record<'report' | 'delete', (result: Result) => string>>
  readonly refused: (error: CallError) => string
}

const issueSchema = z.object({ iid: z.int(), web_url: z.string() })

const en: ScriptWords = {
  unknown:
    'I am a script that stands in for a language model. I can find pipelines that fail, open an issue about one, and delete one.',
  nothing: 'No pipeline of your projects has failed.',
  found: ({ pipelineId, project, ref, job, lastLines }) =>
    [
      `Pipeline ${pipelineId} of ${project} fails on ${ref}, in the job “${job}”. The end of its log:`,
      ...lastLines.map((line) => `> ${line}`),
    ].join('\n'),
  issue: (finding) => ({
    title: `Pipeline ${finding.pipelineId} fails in “${finding.job}”`,
    description: `The job “${finding.job}” failed on ${finding.ref}: ${finding.url}\n\n${quoted(finding)}`,
  }),
  done: {
    report({ data }) {
      const issue = issueSchema.safeParse(data).data
      return issue ? `I opened issue #${issue.iid}: ${issue.web_url}` : 'I opened an issue.'
    },
    delete: ({ of }) => `Pipeline ${of.pipeline_id} is deleted.`,
  },
  refused: ({ code, message }) =>
    code === 'APPROVAL_DENIED' ? 'You said no, so I left it as it is.' : `I stop here. ${message}`,
}

const de: ScriptWords = {
  unknown:
    'Ich bin ein Skript, das ein Sprachmodell vertritt. Ich finde fehlgeschlagene Pipelines, lege ein Issue dazu an und lösche eine.',
  nothing: 'In Ihren Projekten ist keine Pipeline fehlgeschlagen.',
  found: ({ pipelineId, project, ref, job, lastLines }) =>
    [
      `Pipeline ${pipelineId} von ${project} schlägt auf ${ref} fehl, im Job „${job}“. Das Ende des Protokolls:`,
      ...lastLines.map((line) => `> ${line}`),
    ].join('\n'),
  issue: (finding) => ({
    title: `Pipeline ${finding.pipelineId} schlägt in „${finding.job}“ fehl`,
    description: `Der Job „${finding.job}“ ist auf ${finding.ref} fehlgeschlagen: ${finding.url}\n\n${quoted(finding)}`,
  }),
  done: {
    report({ data }) {
      const issue = issueSchema.safeParse(data).data
      return issue
        ? `Issue #${issue.iid} ist angelegt: ${issue.web_url}`
        : 'Das Issue ist angelegt.'
    },
    delete: ({ of }) => `Pipeline ${of.pipeline_id} ist gelöscht.`,
  },
  refused: ({ code, message }) =>
    code === 'APPROVAL_DENIED'
      ? 'Sie haben abgelehnt; ich habe nichts geändert.'
      : `Hier komme ich nicht weiter. ${message}`,
}

/** As a code block of Markdown: indented, so that nothing in it can end the block. */
function quoted({ lastLines }: Finding): string {
  return lastLines.map((line) => `    ${line}`).join('\n')
}

export const scriptWords: Readonly<Record<Language, ScriptWords>> = { en, de }
