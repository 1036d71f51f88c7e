import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile, type KeywellOptions } from '@keywell/server'
import { type CreatedDatabase, createDatabase } from './databases.ts'
import { openCreated } from './inspected.ts'
import { runService, type ServiceProcess, startService } from './service-process.ts'
import { createStage, type Stage } from './stage.ts'

/** The service as an operator runs it: processes of its own on a real Postgres, beside one in this process. */
export interface Deployment {
  created: CreatedDatabase
  /** The one in this process, with the provider's stand-in. */
  stage: Stage
  keyFile: string
  /** The environment of every process. */
  environment: Readonly<Record<string, string>>
  /** Starts another process that serves. */
  start(): Promise<ServiceProcess>
  /** A command of the operator, to its end. */
  command(...words: string[]): Promise<{ code: number | null; output: string }>
  /** Reads a credential at one of the processes. */
  readAt(
    url: string,
    query: { tenantId: string; userId: string },
    apiKey?: string,
  ): Promise<Response>
  stop(): Promise<void>
}

export async function createDeployment(
  options: Pick<KeywellOptions, 'role'> = {},
): Promise<Deployment> {
  const keyFile = join(mkdtempSync(join(tmpdir(), 'keywell-deployment-')), 'root-keys')
  createKeyFile(keyFile)
  const created = await createDatabase()
  const stage = await createStage(await openCreated(created), { keyPath: keyFile, ...options })
  const environment = {
    DATABASE_URL: created.appUrl,
    KEYWELL_KEY_FILE: keyFile,
    KEYWELL_ALLOW_HOSTS: new URL(stage.sandbox.url).origin,
  }
  const running: ServiceProcess[] = []

  return {
    created,
    stage,
    keyFile,
    environment,
    async start() {
      const service = await startService(environment)
      running.push(service)
      return service
    },
    async command(...words) {
      const run = runService(words, environment)
      return { code: await run.exited, output: run.output() }
    },
    readAt: (url, query, apiKey = stage.apiKey) =>
      fetch(`${url}/v1/credentials`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ provider: 'gitlab', ...query }),
      }),
    async stop() {
      for (const service of running) await service.stop()
      await stage.stop()
      await created.drop()
    },
  }
}
