import { z } from 'zod'
import type { Message, ToolCall } from '../model.ts'

/** A pipeline that failed, and the end of what its failed job printed. */
export interface Finding {
  readonly projectId: number
  readonly project: string
  readonly pipelineId: number
  readonly ref: string
  readonly url: string
  readonly job: string
  readonly lastLines: readonly string[]
}

/** A call before it has an id. */
export type WantedCall = Omit<ToolCall, 'id'>

/** How far the search has come, by the results that there are. */
export type Look =
  | { readonly state: 'looking'; readonly calls: readonly WantedCall[] }
  | { readonly state: 'found'; readonly finding: Finding }
  | { readonly state: 'nothing' }

const projectsSchema = z.array(z.object({ id: z.int(), path_with_namespace: z.string() }))
const pipelinesSchema = z.array(z.object({ id: z.int(), ref: z.string(), web_url: z.string() }))
const jobsSchema = z.array(z.object({ id: z.int(), name: z.string() }))
const logSchema = z.object({ content: z.string() })

const shownLines = 3
const longestLine = 200

/** In the user's projects, the newest failed pipeline of the first project that has one. */
export function look(messages: readonly Message[]): Look {
  const results = sinceDeletion(messages)
  const projects = read(projectsSchema, resultsOf(results, 'gitlab_projects_list').at(-1))
  if (projects === undefined) return calling('gitlab_projects_list', ownProjects)
  const runs = resultsOf(results, 'gitlab_pipelines_list')
  const runOf = ({ id }: { id: number }) => runs.findLast(({ of }) => of.project_id === id)
  const unread = projects.filter((project) => runOf(project) === undefined)
  if (unread.length > 0) return { state: 'looking', calls: unread.map(failedPipelinesOf) }
  for (const project of projects) {
    const [pipeline] = read(pipelinesSchema, runOf(project)) ?? []
    if (pipeline !== undefined) return lookInto(results, { project, pipeline })
  }
  return { state: 'nothing' }
}

const ownProjects = { membership: true, order_by: 'last_activity_at', per_page: 5 }

function failedPipelinesOf({ id }: { id: number }): WantedCall {
  const failed = { project_id: id, status: 'failed', per_page: 3 }
  return { tool: 'gitlab_pipelines_list', arguments: failed }
}

/** Why it failed: the end of the log of its first failed job. */
function lookInto(
  results: readonly Message[],
  at: {
    project: z.infer<typeof projectsSchema>[number]
    pipeline: z.infer<typeof pipelinesSchema>[number]
  },
): Look {
  const { project, pipeline } = at
  const inProject = { project_id: project.id }
  const jobs = resultsOf(results, 'gitlab_pipeline_jobs_list').findLast(
    ({ of }) => of.pipeline_id === pipeline.id,
  )
  if (jobs === undefined) {
    const which = { ...inProject, pipeline_id: pipeline.id, scope: ['failed'] }
    return calling('gitlab_pipeline_jobs_list', which)
  }
  const [job] = read(jobsSchema, jobs) ?? []
  const log = resultsOf(results, 'gitlab_job_log_get').findLast(({ of }) => of.job_id === job?.id)
  if (job !== undefined && log === undefined) {
    return calling('gitlab_job_log_get', { ...inProject, job_id: job.id, max_bytes: 4_096 })
  }
  return {
    state: 'found',
    finding: {
      projectId: project.id,
      project: project.path_with_namespace,
      pipelineId: pipeline.id,
      ref: pipeline.ref,
      url: pipeline.web_url,
      job: job?.name ?? '',
      lastLines: endOf(read(logSchema, log)?.content ?? ''),
    },
  }
}

function endOf(log: string): string[] {
  return log
    .split('\n')
    .map((line) => line.trim().slice(0, longestLine))
    .filter((line) => line !== '')
    .slice(-shownLines)
}

export interface Result {
  readonly data: unknown
  /** The arguments that it was asked with. */
  readonly of: Readonly<Record<string, unknown>>
}

/** What a tool has answered, in order. */
export function resultsOf(messages: readonly Message[], tool: string): Result[] {
  return messages.flatMap((message) =>
    message.role === 'tool' && message.outcome.ok && message.call.tool === tool
      ? [{ data: message.outcome.data, of: message.call.arguments }]
      : [],
  )
}

/** What was found before a pipeline was deleted is no longer so. */
function sinceDeletion(messages: readonly Message[]): readonly Message[] {
  const index = messages.findLastIndex(
    (message) =>
      message.role === 'tool' &&
      message.outcome.ok &&
      message.call.tool === 'gitlab_pipeline_delete',
  )
  return messages.slice(index + 1)
}

/** Undefined: there is no result, or none of this shape. */
function read<Shape>(schema: z.ZodType<Shape>, result: Result | undefined): Shape | undefined {
  return schema.safeParse(result?.data).data
}

function calling(tool: string, args: ToolCall['arguments']): Look {
  return { state: 'looking', calls: [{ tool, arguments: args }] }
}
