/**
 * What it costs to read a credential through the service, each read with its key check, its vault and
 * its audit row on disk before the answer leaves; beside a bare route on the same database.
 */
import { type ReadServer, readThroughput, withReadServer } from './cold-read.ts'
import { isShort, quantile } from './contest.ts'
import type { Bench, Figure } from './figure.ts'

/** One: what a read takes. Sixteen: the same for a service that is busy, and far from its limit. */
const callers = [1, 16]
const readsOfRound = isShort ? 16 : 500
const rounds = isShort ? 1 : 10

export const reads: Bench = [() => withReadServer(readFigures)]

async function readFigures(server: ReadServer): Promise<readonly Figure[]> {
  const figures = [...(await readThroughput(server))]
  for (const atOnce of callers) figures.push(...(await latency(server, atOnce)))
  return figures
}

/** The two take turns, so that whatever else the machine does meets both. */
async function latency({ read }: ReadServer, atOnce: number): Promise<readonly Figure[]> {
  const ms = { keywell: [] as number[], bare: [] as number[] }
  for (let round = 0; round < rounds; round += 1) {
    for (const who of ['bare', 'keywell'] as const) {
      await read[who]({ times: readsOfRound, atOnce, took: (taken) => ms[who].push(taken) })
    }
  }
  const at = `${atOnce} at once`
  return [
    inMs(`a read of the service, ${at}, p50`, quantile(ms.keywell, 0.5)),
    inMs(`a read of the service, ${at}, p99`, quantile(ms.keywell, 0.99)),
    inMs(`the bare route, ${at}, p50`, quantile(ms.bare, 0.5)),
    inMs(`the bare route, ${at}, p99`, quantile(ms.bare, 0.99)),
  ]
}

function inMs(name: string, value: number): Figure {
  return { name, value, unit: 'ms', goal: null, better: 'lower' }
}
