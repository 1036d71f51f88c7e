/** A GitHub App at its stand-in, registered at a service, which an administrator installs. */

import { atStandIn } from '@keywell/demo/stand-ins'
import type { ConfirmAnswer } from '@keywell/protocol'
import { github } from '@keywell/providers'
import { createGitHub, type GitHub, visit } from '@keywell/sandbox'
import { connectInBrowser } from './journey.ts'
import { must, type Stage } from './stage.ts'

export type GitHubApp = ReturnType<GitHub['registerGitHubApp']>

/** GitHub as the service knows it, at a stand-in that is running. */
function definitionAt({ urls }: GitHub) {
  return atStandIn(github, {
    'https://github.com': urls.web,
    'https://api.github.com': urls.api,
  })
}

export async function startGitHub() {
  const at = await createGitHub()
  return { at, definition: definitionAt(at), origins: [at.urls.web, at.urls.api] }
}

/** Registers an app there and here. */
export async function integrateApp(
  stage: Stage,
  at: GitHub,
  { tenantId, privateKey }: { tenantId?: string; privateKey?: string } = {},
): Promise<{ app: GitHubApp; id: string; path: string }> {
  // The slug is chosen with the name, before there is anything to register.
  const name = `Northwind ${Math.random().toString(36).slice(2, 8)}`
  const appSlug = name.toLowerCase().replaceAll(' ', '-')
  const draft = must(
    await stage.call<{ id: string; redirectUri: string }>('POST', '/v1/integrations', {
      provider: 'github',
      method: 'app_installation',
      variables: { appSlug },
      tenantId,
    }),
    201,
  )
  const redirectUris = [draft.redirectUri]
  const app = at.registerGitHubApp({ name, redirectUris, authorizesOnInstall: true })
  const { clientId, clientSecret } = app
  const path = `/v1/integrations/${draft.id}/client`
  const client = { clientId, clientSecret, privateKey: privateKey ?? app.privateKey }
  must(await stage.call('PUT', path, { tenantId, ...client }), 200)
  return { app, id: draft.id, path }
}

export interface Installing {
  who: { tenantId: string; userId: string }
  /** On whose account. */
  account: string
  /** Changes where the provider sends the browser. */
  tamper?: (back: URL) => URL
  session?: object
  connectionName?: string
}

/** An administrator installs the app from the app's page, to its confirmation. */
export function installInBrowser(
  stage: Stage,
  { who, account, tamper = (back) => back, session, connectionName = 'default' }: Installing,
): Promise<ConfirmAnswer> {
  return connectInBrowser(stage, {
    provider: 'github',
    who,
    session: { owner: 'tenant', methods: ['installation'], ...session },
    flow: { connectionName },
    consent: async (page) => tamper(await visit(page, 'approve', { account })),
  })
}
