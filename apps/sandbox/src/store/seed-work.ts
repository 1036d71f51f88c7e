import type { CiStatus, Job } from './ci.ts'
import type { Project } from './projects.ts'
import { branchNamed, type Rows, tagNamed } from './repository.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

/** A merge request for the branch of a project, a pipeline that passed and one that failed, and a release. */
export function seedWork(rows: Rows, project: Project, ownerId: number, now: number): void {
  const main = branchNamed(rows, project.id, 'main')
  const feature = branchNamed(rows, project.id, 'feature/quiet')
  const tag = tagNamed(rows, project.id, 'v1.0.0')
  if (main === undefined || feature === undefined || tag === undefined) return
  addMergeRequest(rows, project, ownerId, now - 9 * dayMs)
  const at = { projectId: project.id, userId: ownerId }
  addPipeline(rows, { ...at, iid: 1, ref: 'main', sha: main.sha, at: now - 30 * dayMs }, 'failed')
  const passed = { ...at, iid: 2, ref: feature.name, sha: feature.sha, at: now - 10 * dayMs }
  addPipeline(rows, passed, 'success')
  const id = rows.nextId()
  rows.tables.releases.set(id, {
    id,
    projectId: project.id,
    tagName: tag.name,
    name: 'First release',
    description: 'It starts.',
    authorId: ownerId,
    milestoneIds: [],
    links: [],
    createdAt: tag.createdAt,
    releasedAt: tag.createdAt,
  })
}

function addMergeRequest(rows: Rows, project: Project, authorId: number, at: number): void {
  const id = rows.nextId()
  rows.tables.mergeRequests.set(id, {
    id,
    iid: 1,
    projectId: project.id,
    sourceProjectId: project.id,
    title: 'Start without a word',
    description: 'Nobody reads it.',
    state: 'opened',
    sourceBranch: 'feature/quiet',
    targetBranch: 'main',
    labels: [],
    authorId,
    assigneeIds: [],
    reviewerIds: [],
    approvedBy: [],
    milestoneId: null,
    squash: false,
    removeSourceBranch: false,
    allowCollaboration: false,
    discussionLocked: false,
    autoMerge: false,
    createdAt: at,
    updatedAt: at,
    closedAt: null,
    closedById: null,
    merged: null,
  })
}

interface PipelineSeed {
  projectId: number
  userId: number
  iid: number
  ref: string
  sha: string
  at: number
}

function addPipeline(rows: Rows, seed: PipelineSeed, testStatus: CiStatus): void {
  const { at, ...given } = seed
  const id = rows.nextId()
  const times = { createdAt: at, updatedAt: at + 10 * minuteMs }
  rows.tables.pipelines.set(id, {
    id,
    ...given,
    ...times,
    tag: false,
    source: 'push',
    variables: [],
  })
  const shared = {
    projectId: seed.projectId,
    pipelineId: id,
    userId: seed.userId,
    allowFailure: false,
    createdAt: at,
    retried: false,
    logPaddingBytes: 0,
  }
  const jobs: Omit<Job, 'id' | keyof typeof shared>[] = [
    {
      name: 'compile',
      stage: 'build',
      status: 'success',
      startedAt: at + minuteMs,
      finishedAt: at + 3 * minuteMs,
      log: logOf('tsc -b', 'Job succeeded'),
      artifactBytes: 2_048,
    },
    {
      name: 'unit tests',
      stage: 'test',
      status: testStatus,
      startedAt: at + 3 * minuteMs,
      finishedAt: at + 9 * minuteMs,
      log: logOf('npm test', testStatus === 'success' ? 'Job succeeded' : failure),
      artifactBytes: null,
    },
  ]
  for (const job of jobs) {
    const jobId = rows.nextId()
    rows.tables.jobs.set(jobId, { id: jobId, ...shared, ...job })
  }
}

const failure = 'ERROR: Job failed: exit code 1'

/** As a runner writes it: with colours, and marks where a section begins and ends. */
function logOf(command: string, end: string): string {
  const esc = '\u001b'
  const mark = (name: string) => `section_${name}:1767225600:step_script\r${esc}[0K`
  const color = end === failure ? '31' : '32'
  return (
    `${esc}[0KRunning with gitlab-runner 18.4.0${esc}[0;m\n` +
    `${mark('start')}${esc}[36;1mExecuting "step_script"${esc}[0;m\n` +
    `${esc}[32;1m$ ${command}${esc}[0;m\n` +
    `${mark('end')}${esc}[${color};1m${end}${esc}[0;m\n`
  )
}
