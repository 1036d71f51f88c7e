import { errorCodes, routeList } from '@keywell/protocol'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { describeApi } from './openapi.ts'

interface Operation {
  operationId?: string
  security: object[]
  responses: Record<
    string,
    { content?: Record<string, { schema: { allOf?: [object, { properties: Properties }] } }> }
  >
}
interface Properties {
  status: { const: number }
  code: { enum: string[] }
}
interface Description {
  paths: Record<string, Record<string, Operation>>
}

/** A fresh copy, which a test may change; its shape is checked by the linter. */
const describeIt = () => describeApi('https://keywell.example') as unknown as Description

async function lint(description: Description): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended-strict'] })
  const problems = await lintFromString({ source: JSON.stringify(description), config })
  return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)
}

const operations = ({ paths }: Description) =>
  Object.values(paths).flatMap((methods) => Object.values(methods))

verifies('http:openapi-lint', async () => {
  expect(await lint(describeIt())).toEqual([])
})

test.each<[string, (description: Description) => void, RegExp]>([
  [
    'a path parameter that the path does not have',
    ({ paths }) => {
      paths['/v1/connections/{wrong}'] = paths['/v1/connections/{connectionId}'] ?? {}
      delete paths['/v1/connections/{connectionId}']
    },
    /path-parameters-defined/,
  ],
  [
    'two operations of one name',
    ({ paths }) => {
      const { get, post } = paths['/v1/connections'] ?? {}
      if (get?.operationId && post) post.operationId = get.operationId
    },
    /operation-operationId-unique/,
  ],
  [
    'an operation that says no error',
    ({ paths }) => {
      const { get } = paths['/v1/connections'] ?? {}
      if (get) get.responses = { 200: { content: {} } }
    },
    /operation-4xx-response/,
  ],
  [
    'a schema that is not there',
    ({ paths }) => {
      const { get } = paths['/v1/connections'] ?? {}
      const schema = { $ref: '#/components/schemas/Nothing' }
      if (get) get.responses[200] = { content: { 'application/json': { schema } } } as never
    },
    /no-unresolved-refs/,
  ],
])('the linter finds %s', async (_, spoil, fault) => {
  const description = describeIt()
  spoil(description)
  expect(await lint(description)).toContainEqual(expect.stringMatching(fault))
})

verifies('http:errors-described', () => {
  const described = operations(describeIt())
  expect(described).toHaveLength(routeList.length)
  for (const { operationId = '', responses } of described) {
    const problems = Object.entries(responses).filter(([status]) => Number(status) >= 400)
    const codes = problems.flatMap(([status, { content }]) => {
      const [, own] = content?.['application/problem+json']?.schema.allOf ?? []
      expect(own?.properties.status.const, operationId).toBe(Number(status))
      return own?.properties.code.enum ?? []
    })
    expect(codes, operationId).toEqual(expect.arrayContaining(['unavailable', 'internal']))
    for (const code of codes) expect(errorCodes, operationId).toContain(code)
  }
  const of = (id: string) => described.find(({ operationId }) => operationId === id)
  expect(of('connections.get')?.security).toEqual([{ apiKey: [] }])
  expect(of('flows.get')?.security).toEqual([{ connectToken: [] }])
  expect(of('service.livez')?.security).toEqual([])
  expect(Object.keys(of('connections.get')?.responses ?? {})).toContain('404')
})
