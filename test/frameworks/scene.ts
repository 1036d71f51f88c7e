/** The service as a process, a stand-in GitLab, and a user who has connected it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSandbox, sandboxControl } from '@keywell/sandbox'
import { Keywell } from '@keywell/sdk'
import { startService } from '../support/service-process.ts'

export const who = { tenantId: 'org_acme', userId: 'user_ada' }

export interface Scene {
  readonly url: string
  readonly apiKey: string
  readonly keywell: Keywell
  /** The user's at the provider. */
  readonly token: string
  /** A project with one issue; its number. */
  createProject(name: string): Promise<string>
  issuesOf(project: string): Promise<string[]>
  stop(): Promise<void>
}

export async function startScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'keywell-frameworks-'))
  const sandbox = await createSandbox()
  const control = sandboxControl(sandbox.controlUrl)
  const token = await control.issuePersonalAccessToken({ username: 'ada', scopes: ['api'] })
  const service = await startService({
    KEYWELL_MODE: 'development',
    KEYWELL_DATA_DIR: join(folder, 'data'),
    KEYWELL_ALLOW_HOSTS: sandbox.url,
  })
  const { url } = service
  const apiKey = (await readFile(join(folder, 'data/api-key'), 'utf8')).trim()
  const keywell = new Keywell({ url, apiKey })
  await keywell.connections.create({
    ...who,
    provider: 'gitlab',
    host: sandbox.url,
    credential: { type: 'api_key', value: token.value },
  })
  const { tools } = keywell.forUser(who)
  return {
    url,
    apiKey,
    keywell,
    token: token.value,
    async createProject(name) {
      const made = await tools.execute<{ id: number }>('gitlab_project_create', { name })
      const project_id = String(made.data.id)
      await tools.execute('gitlab_issue_create', { project_id, title: 'Login fails on Safari' })
      return project_id
    },
    async issuesOf(project_id) {
      const { data } = await tools.execute<{ title: string }[]>('gitlab_issues_list', {
        project_id,
      })
      return data.map(({ title }) => title)
    },
    async stop() {
      keywell.close()
      await service.stop()
      await sandbox.stop()
      await rm(folder, { recursive: true })
    },
  }
}
