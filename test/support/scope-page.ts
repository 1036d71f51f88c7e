import type { CreateSession } from '@keywell/protocol'
import { buildPage, servePage } from './built-page.ts'
import type { TestDatabase } from './inspected.ts'
import { createStage, type Stage } from './stage.ts'

/** An app whose page lets a user choose scopes, with the service and GitLab's stand-in. */
export interface ScopePage {
  readonly stage: Stage
  readonly url: string
  /** What the app's sessions allow. */
  scopes: CreateSession['scopes']
  readonly who: { readonly tenantId: string; readonly userId: string }
  stop(): Promise<void>
}

export async function openScopePage(database: TestDatabase): Promise<ScopePage> {
  const assets = await buildPage('scope-picker.html')
  const stage = await createStage(database, {
    sandboxHost: 'localhost',
    scopes: [
      'api',
      'read_api',
      'read_user',
      'read_repository',
      'write_repository',
      'read_registry',
      'create_runner',
      'email',
    ],
  })
  const who = { tenantId: 'ten_scopes', userId: 'usr_mira' }
  const { url, stop } = await servePage(stage, assets, {
    index: 'scope-picker.html',
    signedIn: () => ({ ...who, ...(page.scopes && { scopes: page.scopes }) }),
  })
  const page: ScopePage = {
    stage,
    url,
    scopes: {},
    who,
    async stop() {
      stop()
      await stage.stop()
    },
  }
  return page
}
