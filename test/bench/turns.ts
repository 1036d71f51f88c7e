/** Two ways to the same answer, one after the other, so that what else the machine does falls on both. */
import { quantile } from './contest.ts'
import type { Figure } from './figure.ts'

const atOnce = 16

export interface Times {
  readonly bare: number[]
  readonly called: number[]
}

type Call = () => Promise<unknown>

export async function inTurn(bare: Call, call: Call, rounds: number): Promise<Times> {
  const times: Times = { bare: [], called: [] }
  for (let round = 0; round < rounds; round += 1) {
    times.bare.push(await timeOf(bare))
    times.called.push(await timeOf(call))
  }
  return times
}

/** Milliseconds at a share of the calls, beyond those of the bare ones. */
export function added({ bare, called }: Times, share: number): number {
  return Math.max(0, quantile(called, share) - quantile(bare, share))
}

export async function throughput(name: string, call: Call, calls: number): Promise<Figure> {
  const each = Math.ceil(calls / atOnce)
  const caller = async () => {
    for (let done = 0; done < each; done += 1) await call()
  }
  const ms = await timeOf(() => Promise.all(Array.from({ length: atOnce }, caller)))
  return {
    name: `${name}, ${atOnce} at once, with the stand-in in the same process`,
    value: (each * atOnce * 1_000) / ms,
    unit: 'per second',
    goal: null,
    better: 'higher',
  }
}

export async function timeOf(work: Call): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

export function milliseconds(name: string, value: number, goal: number | null): Figure {
  return { name, value, unit: 'ms', goal, better: 'lower' }
}
