import type { After } from '../clock.ts'

/** Rows of one insert. */
export const maxGroupRows = 500
/** How long a row waits for company while another insert is on its way. */
export const maxWaitMs = 20
/** Inserts on their way at once; more than one only when an insert takes longer than the wait. */
const maxInserts = 4
/** Rows that wait; beyond this the log is not keeping up, and refuses. */
export const maxWaitingRows = 10_000

export interface GroupCommit<Row> {
  /** Resolves when the row is committed; rejects when its group could not be, or the queue is full. */
  add(row: Row): Promise<void>
  /** Refuses new rows, and resolves when every row that was taken has its answer. */
  close(): Promise<void>
}

interface Waiting<Row> {
  row: Row
  resolve: () => void
  reject: (reason: unknown) => void
}

/**
 * Lets rows of many callers share a commit, without a delay for a single one: an idle log commits at
 * once, and what arrives while a commit is on its way goes together with the next.
 */
export function createGroupCommit<Row>(options: {
  commit: (rows: readonly Row[]) => Promise<void>
  after: After
}): GroupCommit<Row> {
  const waiting: Waiting<Row>[] = []
  const inserts = new Set<Promise<void>>()
  let cancelTimer: (() => void) | undefined
  let closed = false

  function start(): void {
    cancelTimer?.()
    cancelTimer = undefined
    if (waiting.length === 0 || inserts.size >= maxInserts) return
    const insert = commitGroup(waiting.splice(0, maxGroupRows)).finally(() => {
      inserts.delete(insert)
      start()
    })
    inserts.add(insert)
  }

  /** Answers each row of the group, and never rejects itself. */
  async function commitGroup(group: readonly Waiting<Row>[]): Promise<void> {
    try {
      await options.commit(group.map(({ row }) => row))
      for (const { resolve } of group) resolve()
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  return {
    add(row) {
      if (closed) return Promise.reject(new Error('closed'))
      if (waiting.length >= maxWaitingRows) return Promise.reject(new Error('too many rows wait'))
      return new Promise((resolve, reject) => {
        waiting.push({ row, resolve, reject })
        if (inserts.size === 0 || waiting.length >= maxGroupRows) start()
        else cancelTimer ??= options.after(maxWaitMs, start)
      })
    },
    async close() {
      closed = true
      while (inserts.size > 0) await Promise.all(inserts)
    },
  }
}
