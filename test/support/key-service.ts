import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { EncryptionContext, KeyService } from '@keywell/server'
import { z } from 'zod'
import { runnable } from './runnable.ts'

/** What the service does wrong: nothing, never answers, refuses, or gives another key than it was given. */
export type KeyServiceTrouble = 'none' | 'silent' | 'refusing' | 'throttled' | 'deleted' | 'wrong'

export interface KeyServiceRequest {
  action: 'encrypt' | 'decrypt'
  keyName: string
  /** Base64. */
  bytes: string
  context: EncryptionContext
}

export interface LocalKeyService extends KeyService {
  injectFault(trouble: KeyServiceTrouble): Promise<void>
  stop(): Promise<void>
}

const listening = z.object({ address: z.object({ port: z.number() }) })

/** A key service as a cloud has one, on this machine: keys in another process, reached by HTTP. */
export async function startKeyService(): Promise<LocalKeyService> {
  const path = fileURLToPath(new URL('key-service-main.ts', import.meta.url))
  const { flags, main } = runnable(path)
  const child = fork(main, [], {
    execArgv: flags,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [message]: unknown[] = await once(child, 'message')
  const url = `http://127.0.0.1:${listening.parse(message).address.port}`

  async function call(request: KeyServiceRequest, signal: AbortSignal): Promise<Uint8Array> {
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(request), signal })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`the key service answered ${answer.status}: ${text}`)
    return new Uint8Array(Buffer.from(text, 'base64'))
  }
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

  return {
    encrypt: (keyName, bytes, context, signal) =>
      call({ action: 'encrypt', keyName, bytes: base64(bytes), context }, signal),
    decrypt: (keyName, bytes, context, signal) =>
      call({ action: 'decrypt', keyName, bytes: base64(bytes), context }, signal),
    async injectFault(trouble) {
      child.send(trouble)
      await once(child, 'message')
    },
    async stop() {
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}
