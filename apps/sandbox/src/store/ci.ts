export type CiStatus =
  | 'created'
  | 'pending'
  | 'running'
  | 'success'
  | 'failed'
  | 'canceled'
  | 'skipped'
  | 'manual'

/** Its status and its times are those of its jobs. */
export interface Pipeline {
  id: number
  iid: number
  projectId: number
  sha: string
  ref: string
  tag: boolean
  source: 'push' | 'api' | 'merge_request_event'
  userId: number
  variables: { key: string; value: string; type: 'env_var' | 'file' }[]
  createdAt: number
  updatedAt: number
}

export interface Job {
  id: number
  projectId: number
  pipelineId: number
  name: string
  stage: string
  status: CiStatus
  userId: number
  allowFailure: boolean
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
  /** Another job of the pipeline has taken its place. */
  retried: boolean
  /** As the runner wrote it, colours and marks of sections included. */
  log: string
  /** Bytes of made-up lines before the log, so that one of any size can be asked for. */
  logPaddingBytes: number
  /** Bytes of the file that the job keeps. Null: it keeps none. */
  artifactBytes: number | null
}
