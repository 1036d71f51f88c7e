import { join } from 'node:path'
import { type Algolia, createAlgolia } from './dialects/algolia/index.ts'
import { type Bitbucket, createBitbucket } from './dialects/bitbucket/index.ts'
import { type Buildkite, createBuildkite } from './dialects/buildkite/index.ts'
import type { Control } from './dialects/core/control.ts'
import type { Site } from './dialects/core/site.ts'
import { createGitHub, type GitHub } from './dialects/github/index.ts'
import { createMicrosoft, type Microsoft } from './dialects/microsoft/index.ts'
import { listen } from './listen.ts'
import { type Registrar, registrarApi } from './registrar.ts'

/** Providers that have a stand-in for people with browsers, besides GitLab, as their users call them. */
export const standInNames = ['github', 'bitbucket', 'azure-devops', 'buildkite', 'algolia'] as const
export type StandInName = (typeof standInNames)[number]

export interface StandInsOptions {
  /** Default: free ones. */
  ports?: Partial<Readonly<Record<StandInName, number>>>
  /** Of the control API, always on 127.0.0.1. Default: a free one. */
  controlPort?: number
  /** Folder of files that remember everything over restarts, tokens in clear. Default: memory only. */
  dataDir?: string | undefined
}

export interface StandIns {
  /** The one origin of each. */
  urls: Readonly<Record<StandInName, string>>
  /** Where apps are registered: `POST /github/applications`. */
  controlUrl: string
  /** Each of them, to be moved by its methods. */
  at: {
    github: GitHub
    bitbucket: Bitbucket
    'azure-devops': Microsoft
    buildkite: Buildkite
    algolia: Algolia
  }
  stop(): Promise<void>
}

/** Starts all stand-ins but GitLab's, each at one origin, where people sign in. Throws if a port is taken. */
export async function createStandIns(options: StandInsOptions = {}): Promise<StandIns> {
  const { ports = {}, controlPort = 0, dataDir } = options
  const site = (name: StandInName): Site => ({
    port: ports[name] ?? 0,
    dataFile: dataDir === undefined ? undefined : join(dataDir, `${name}.data`),
  })
  const started: Pick<Control, 'stop'>[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((each) => each.stop()))
  }
  async function start<T extends Control>(standIn: Promise<T>): Promise<T> {
    const running = await standIn
    started.push(running)
    return running
  }
  try {
    const at = {
      github: await start(createGitHub({ site: site('github') })),
      bitbucket: await start(createBitbucket({ site: site('bitbucket') })),
      'azure-devops': await start(createMicrosoft({ site: site('azure-devops') })),
      buildkite: await start(createBuildkite({ site: site('buildkite') })),
      algolia: await start(createAlgolia({ site: site('algolia') })),
    }
    const control = await listen(registrarApi(registrarsOf(at)), '127.0.0.1', controlPort)
    started.push({ stop: control.close })
    return { urls: urlsOf(at), controlUrl: `http://127.0.0.1:${control.port}`, at, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function urlsOf(at: StandIns['at']): StandIns['urls'] {
  return {
    github: at.github.urls.web,
    bitbucket: at.bitbucket.urls.web,
    'azure-devops': at['azure-devops'].urls.login,
    buildkite: at.buildkite.urls.web,
    algolia: new URL(at.algolia.applications[0].url).origin,
  }
}

/** Algolia has no apps. */
function registrarsOf(at: StandIns['at']): Readonly<Record<string, Registrar>> {
  const { github, bitbucket, buildkite } = at
  const microsoft = at['azure-devops']
  return {
    github: { list: github.apps, register: github.registerOAuthApp, save: github.save },
    bitbucket: {
      list: bitbucket.consumers,
      register: bitbucket.registerConsumer,
      save: bitbucket.save,
    },
    'azure-devops': {
      list: microsoft.registrations,
      register: microsoft.registerApp,
      save: microsoft.save,
    },
    buildkite: {
      list: buildkite.applications,
      register: buildkite.registerApplication,
      save: buildkite.save,
    },
  }
}
