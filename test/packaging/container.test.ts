/**
 * No container engine can be had where these tests run. What can be read is held against the source:
 * paths, variables, the health check, and what keeps the key inside the process.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { verifies } from '../support/verifies.ts'
import { root } from './run.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const dockerfile = read('apps/service/Dockerfile')
const settings = read('apps/service/src/settings.ts')

const compose = z
  .object({
    services: z.record(
      z.string(),
      z.object({
        image: z.string().optional(),
        build: z.object({ context: z.string(), dockerfile: z.string() }).optional(),
        environment: z.record(z.string(), z.string()),
        volumes: z.array(z.string()),
        ulimits: z.record(z.string(), z.number()).optional(),
        configs: z.array(z.object({ source: z.string() })).optional(),
      }),
    ),
    configs: z.record(z.string(), z.object({ content: z.string() })),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parse(read('docker-compose.yml')))

/** Lines of the Dockerfile that begin with an instruction, without comments and continuations. */
function instructions(name: string): string[] {
  const lines = dockerfile.replaceAll('\\\n', ' ').split('\n')
  return lines
    .filter((line) => line.startsWith(`${name} `))
    .map((line) => line.slice(name.length + 1))
}

test('every path that is copied from the repository exists', () => {
  const copied = instructions('COPY')
    .filter((line) => !line.startsWith('--from'))
    .flatMap((line) => line.split(/\s+/).slice(0, -1))
  expect(copied.length).toBeGreaterThan(0)
  expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('the program that is started is one that the build makes', () => {
  const [, name] = /apps\/service\/dist\/(\w+)\.js/.exec(dockerfile) ?? []
  expect(existsSync(join(root, `apps/service/src/${name}.ts`))).toBe(true)
})

test('every variable is one that the service reads', () => {
  const variables = [
    ...Object.keys(compose.services.keywell?.environment ?? {}),
    ...instructions('ENV').flatMap((line) => line.match(/\b[A-Z_]+(?==)/g) ?? []),
  ]
  const unknown = variables.filter((name) => name !== 'NODE_ENV' && !settings.includes(`${name}:`))
  expect(variables).toContain('DATABASE_URL')
  expect(unknown).toEqual([])
})

test('compose names only what is there', () => {
  const { keywell, postgres } = compose.services
  expect(existsSync(join(root, keywell?.build?.dockerfile ?? 'none'))).toBe(true)
  expect(postgres?.image).toBe('postgres:17')
  const volumes = Object.values(compose.services).flatMap((service) =>
    service.volumes.map((volume) => volume.split(':')[0]),
  )
  expect(volumes.sort()).toEqual(Object.keys(compose.volumes).sort())
  const configs = Object.values(compose.services).flatMap((service) => service.configs ?? [])
  expect(configs.map(({ source }) => source)).toEqual(Object.keys(compose.configs))
})

test('no password stands in the file, and each variable is in the example', () => {
  const text = read('docker-compose.yml')
  const required = [...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name)
  expect(new Set(required)).toEqual(
    new Set(['POSTGRES_PASSWORD', 'KEYWELL_DATABASE_PASSWORD', 'KEYWELL_APP_ORIGIN']),
  )
  for (const name of required) expect(read('.env.example')).toMatch(new RegExp(`^${name}=$`, 'm'))
  const values = Object.values(compose.services).flatMap((service) =>
    Object.entries(service.environment),
  )
  const written = values.filter(
    ([name, value]) => /PASSWORD|SECRET/.test(name) && !value.startsWith('${'),
  )
  expect(written).toEqual([])
})

verifies('T17:container', () => {
  expect(instructions('USER')).toEqual(['node'])
  expect(instructions('ENTRYPOINT')[0]).toMatch(/ulimit -c 0; exec node --disable-sigusr1/)
  expect(compose.services.keywell?.ulimits).toEqual({ core: 0 })
  expect(`${dockerfile}${read('docker-compose.yml')}`).not.toMatch(/KEYWELL_KEY\b/)
})
