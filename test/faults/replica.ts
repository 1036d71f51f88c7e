import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { HostLimits, ProviderDefinition } from '@keywell/protocol'
import type { KeywellOptions } from '@keywell/server'
import { checkOutput } from '../support/log-lines.ts'
import { runnable } from '../support/runnable.ts'
import type { Blown, MineOrder } from './mine.ts'

/** The settings that a replica gets at its start. */
export interface ReplicaSettings {
  databaseUrl: string
  keyPath: string
  /** The only host that it may reach, unless there are others. */
  providerOrigin: string
  otherOrigins?: readonly string[]
  poolSize: number
  role: NonNullable<KeywellOptions['role']>
  timing: NonNullable<KeywellOptions['timing']>
  /** Of the provider's host; undefined: none that is ever reached. */
  limits?: HostLimits | undefined
  /** Definitions beside the bundled ones. */
  providers?: readonly ProviderDefinition[]
  /** Default: true. */
  auditRefreshes?: boolean
}

export type ToReplica = MineOrder
export type FromReplica = { kind: 'ready'; url: string } | Blown

/** One life of one replica: a process of its own, which can be killed, paused and armed. */
export interface Replica {
  url: string
  pid: number
  /** Null while it runs; then its exit code, or the signal that ended it. */
  ended(): number | NodeJS.Signals | null
  /** The last lines that it logged. */
  logs(): string[]
  /** Lays a mine; resolves when it has gone off. Rejects if the replica ends otherwise, or time does. */
  arm(order: MineOrder): Promise<{ connectionIds: string[]; at: number }>
  /** SIGKILL; resolves when it is gone. Nothing happens to a dead one. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT. */
  pause(): void
  resume(): void
  /** SIGTERM; resolves with what it ended with, and how long that took. */
  drain(): Promise<{ code: number | NodeJS.Signals | null; ms: number }>
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const program = fileURLToPath(new URL('./replica-main.ts', import.meta.url))
const readyTimeoutMs = 30_000
const blownTimeoutMs = 30_000
const keptLines = 300

/** Starts a replica and waits until it serves. */
export async function startReplica(settings: ReplicaSettings): Promise<Replica> {
  const { flags, main } = runnable(program)
  const child = spawn(process.execPath, [...flags, main], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, REPLICA: JSON.stringify(settings) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    // Pipes, as asked for above.
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      checkOutput([line], { isLog: false })
      if (lines.length > keptLines) lines.shift()
    })
  }
  const { pid } = child
  if (pid === undefined) throw new Error('a replica could not be started')
  exitWithParent(child, pid)
  const exited = once(child, 'exit')
  // A process that was killed has no exit code.
  const ended = () => child.exitCode ?? child.signalCode
  const died = () => new Error(`the replica ended with ${ended()}:\n${lines.slice(-20).join('\n')}`)

  function receive<Kind extends FromReplica['kind']>(
    kind: Kind,
  ): Promise<Extract<FromReplica, { kind: Kind }>> {
    return new Promise((resolve, reject) => {
      const listen = (message: FromReplica) => {
        if (message.kind !== kind) return
        child.off('message', listen)
        // Of the kind that was asked for, as was just seen.
        resolve(message as Extract<FromReplica, { kind: Kind }>)
      }
      child.on('message', listen)
      // Later, because a message that came before the end is delivered after it.
      void exited.then(() => setTimeout(() => reject(died()), 100))
    })
  }

  const timer = setTimeout(() => child.kill('SIGKILL'), readyTimeoutMs)
  const { url } = await receive('ready').finally(() => clearTimeout(timer))
  return {
    url,
    pid,
    ended,
    logs: () => [...lines],
    async arm(order) {
      const blown = receive('blown')
      child.send(order)
      const { connectionIds } = await within(blownTimeoutMs, blown, `mine at ${order.point}`)
      return { connectionIds, at: Date.now() }
    },
    async kill() {
      child.kill('SIGKILL')
      if (ended() === null) await exited
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async drain() {
      const beganMs = performance.now()
      child.kill('SIGTERM')
      if (ended() === null) await exited
      return { code: ended(), ms: performance.now() - beganMs }
    },
  }
}

/**
 * A shell waits on its input, which ends when this process does, however that happens, and kills the
 * replica. The replica itself could not: a stopped process receives nothing.
 */
function exitWithParent(child: ChildProcess, pid: number): void {
  const shell = spawn('/bin/sh', ['-c', `read -r _; kill -KILL ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // or Ctrl-C would end it before its work is done
  })
  shell.unref()
  child.once('exit', () => shell.kill('SIGKILL'))
}

async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing for ${ms} ms`)), ms)
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
