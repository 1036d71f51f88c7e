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
        secrets: z.array(z.object({ source: z.string(), uid: z.string(), mode: z.number() })),
      }),
    ),
    configs: z.record(z.string(), z.object({ content: z.string() })),
    secrets: z.record(z.string(), z.object({ environment: z.string() })),
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
  const read = (name: string) =>
    settings.includes(`${name.replace(/^(DATABASE_URL)_FILE$/, '$1')}:`)
  const unknown = variables.filter((name) => name !== 'NODE_ENV' && !read(name))
  expect(variables).toContain('DATABASE_URL_FILE')
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

test('each variable that compose asks for is in the example', () => {
  const required = [...read('docker-compose.yml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name)
  expect(required).toEqual(['KEYWELL_APP_ORIGIN'])
  const secrets = Object.values(compose.secrets).map(({ environment }) => environment)
  for (const name of [...required, ...secrets]) {
    expect(read('.env.example')).toMatch(new RegExp(`^${name}=`, 'm'))
  }
})

test('a secret is a file in the container that needs it, for its user alone', () => {
  const services = Object.values(compose.services)
  const used = services.flatMap(({ secrets }) => secrets)
  expect(used.map(({ source }) => source).sort()).toEqual(Object.keys(compose.secrets).sort())
  // YAML 1.2 reads 0400 as a decimal number, YAML 1.1 as an octal one, which Compose has.
  expect(new Set(used.map(({ mode }) => mode))).toEqual(new Set([400]))
  for (const { environment, secrets, configs = [] } of services) {
    const scripts = configs.map(({ source }) => compose.configs[source]?.content)
    const text = JSON.stringify([environment, scripts])
    for (const { source } of secrets) expect(text).toContain(`/run/secrets/${source}`)
  }
})

verifies('T17:container', () => {
  expect(instructions('USER')).toEqual(['node'])
  expect(instructions('ENTRYPOINT')[0]).toMatch(/ulimit -c 0; exec node --disable-sigusr1/)
  expect(compose.services.keywell?.ulimits).toEqual({ core: 0 })
  expect(`${dockerfile}${read('docker-compose.yml')}`).not.toMatch(/KEYWELL_KEY\b/)
  const environments = Object.values(compose.services).map(({ environment }) => environment)
  const values = environments.flatMap((environment) => Object.entries(environment))
  const secret = ([name, value]: [string, string]): boolean =>
    /(PASSWORD|SECRET|DATABASE_URL)$/.test(name) || /PASSWORD|SECRET|\/\/\w+:/.test(value)
  expect(values.filter(secret)).toEqual([])
})
