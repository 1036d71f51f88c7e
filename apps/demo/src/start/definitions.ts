import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProviderDefinition } from '@keywell/protocol'
import { algolia, azureDevOps, bitbucket, buildkite, github } from '@keywell/providers'
import { atStandIn } from './at-stand-in.ts'
import type { Plan, ProviderName } from './plan.ts'

interface AtPaths {
  definition: ProviderDefinition
  /** By origins of the provider: the path below the one origin of its stand-in. */
  paths: Readonly<Record<string, string>>
}

const definitions: Readonly<Record<ProviderName, AtPaths>> = {
  github: {
    definition: github,
    paths: { 'https://github.com': '', 'https://api.github.com': '/api/v3' },
  },
  bitbucket: {
    definition: bitbucket,
    paths: {
      'https://bitbucket.org': '',
      'https://api.bitbucket.org': '/api',
      'https://id.atlassian.com': '',
    },
  },
  'azure-devops': {
    definition: azureDevOps,
    paths: {
      'https://login.microsoftonline.com': '',
      'https://app.vssps.visualstudio.com': '/vssps',
      'https://vssps.dev.azure.com': '/vssps',
      'https://dev.azure.com': '/dev',
      'https://myapps.microsoft.com': '/myapps',
      'https://entra.microsoft.com': '',
    },
  },
  buildkite: {
    definition: buildkite,
    paths: {
      'https://buildkite.com': '',
      'https://api.buildkite.com': '/api',
      'https://graphql.buildkite.com': '/graphql',
    },
  },
  algolia: {
    definition: algolia,
    // The id of an application is a part of its host there, and a path here.
    paths: {
      'https://dashboard.algolia.com': '',
      'https://{applicationId}.algolia.net': '/{applicationId}',
      'https://{applicationId}-dsn.algolia.net': '/{applicationId}',
      'https://{applicationId}-1.algolianet.com': '/{applicationId}',
      'https://{applicationId}-2.algolianet.com': '/{applicationId}',
      'https://{applicationId}-3.algolianet.com': '/{applicationId}',
    },
  },
}

/** The definitions of the catalogue, with addresses that lead to the stand-ins. */
export function standInDefinitions(urls: Plan['standIns']): ProviderDefinition[] {
  return Object.entries(definitions).map(([name, { definition, paths }]) => {
    const url = urls[name as ProviderName] // a key of a record has its type
    const origins = Object.entries(paths).map(([real, path]) => [real, url + path])
    return atStandIn(definition, Object.fromEntries(origins))
  })
}

/** Writes them where the service reads them, in place of those that it brings. */
export function writeDefinitions({ providersDir, standIns }: Plan): void {
  mkdirSync(providersDir, { recursive: true, mode: 0o700 })
  for (const definition of standInDefinitions(standIns)) {
    const file = join(providersDir, `${definition.name}.json`)
    // Renamed, so that a service that runs never reads a half.
    writeFileSync(`${file}.tmp`, JSON.stringify(definition, null, 2))
    renameSync(`${file}.tmp`, file)
  }
}
