import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from './children.ts'
import { StartError } from './start-error.ts'

const pollMs = 50
/** Long, for a busy machine: a program that has failed is noticed at once, by its death. */
const timeoutMs = 180_000
const requestTimeoutMs = 2_000

/** Waits until `url` answers with a 2xx. Throws as soon as the child dies, or after three minutes. */
export async function waitUntilReady(child: Child, url: string): Promise<void> {
  await Promise.race([child.died, poll(child.name, url)])
}

async function poll(name: string, url: string): Promise<void> {
  const end = performance.now() + timeoutMs
  while (performance.now() < end) {
    if (await answers(url)) return
    await sleep(pollMs)
  }
  throw new StartError(`${name} did not become ready at ${url} within ${timeoutMs / 1000} s.`)
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false // not listening yet
  }
}
