import {
  apiKeySchema,
  approvalSchema,
  auditEntrySchema,
  connectionSchema,
  credentialAnswerSchema,
  customProviderSchema,
  deliverySchema,
  type ErrorCode,
  errorsOf,
  flowSchema,
  incidentSchema,
  installationSchema,
  integrationSchema,
  isWriting,
  problemSchema,
  providerSchema,
  type Route,
  routeList,
  type routes,
  statusOf,
  tenantPolicySchema,
  tenantSchema,
  webhookSchema,
} from '@keywell/protocol'
import { z } from 'zod'

/** Schemas that the description names, and refers to wherever an answer holds one. */
const named = {
  Problem: problemSchema,
  Connection: connectionSchema,
  Installation: installationSchema,
  Credential: credentialAnswerSchema,
  Flow: flowSchema,
  Integration: integrationSchema,
  Incident: incidentSchema,
  Provider: providerSchema,
  CustomProvider: customProviderSchema,
  Webhook: webhookSchema,
  Delivery: deliverySchema,
  AuditEntry: auditEntrySchema,
  Tenant: tenantSchema,
  TenantPolicy: tenantPolicySchema,
  ApiKey: apiKeySchema,
  Approval: approvalSchema,
}

/** What the routes of a resource are for. */
const resources: Record<keyof typeof routes, string> = {
  credentials: 'Credentials of users, for a backend that calls their providers.',
  requests: "Calls of providers' APIs as a user, without the credential.",
  tools: 'Operations of providers that an agent may call as a user.',
  approvals: 'Calls of tools that a person has to approve.',
  mcpTokens: 'Tokens for agents that run tools by MCP.',
  connections: 'Accounts that users have connected.',
  sessions: 'Permits for a browser to connect an account.',
  flows: 'Authorisation attempts, for the browser that holds the connect token of a session.',
  device: 'Connecting by a code that a person types at the provider.',
  installations: 'Connections by apps that an administrator has installed.',
  integrations: 'OAuth apps that are registered at providers.',
  incidents:
    'Providers that refuse every credential, whose connections are held until it is known why.',
  providers: 'The catalogue of providers.',
  scopes: 'Which scopes tools need, and which tools can be run with scopes.',
  customProviders: 'Providers that you or your tenants define.',
  webhooks: 'Endpoints that are sent the changes of connections.',
  events: 'What webhooks are sent, and how far that is.',
  changes: 'The change log, as a stream.',
  audit: 'Who did what, when, and what came of it.',
  tenants: 'Customers of the app: what they may do, their data and their end.',
  apiKeys: 'Keys for backends and operators.',
  service: 'The service itself.',
}

type JsonObject = Record<string, unknown>

/** The service as an OpenAPI 3.1 document, made of the table that the server serves. */
export function describeApi(publicUrl: string): JsonObject {
  const answers = describeAnswers()
  const paths: Record<string, JsonObject> = {}
  for (const route of routeList) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, answers) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Keywell',
      version: '1',
      description: 'Credentials of the third-party accounts of your users.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl }],
    tags: Object.entries(resources).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.keys(named).map((name) => [name, answers.get(name)])),
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, from a backend' },
        connectToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The connect token of a session, from a browser',
        },
      },
    },
  }
}

function operationOf(route: (typeof routeList)[number], answers: Answers): JsonObject {
  const { id, resource, summary, description, access, audit, body } = route
  const remarks = [
    description,
    typeof access === 'string' ? undefined : `Permission: \`${access.permission}\`.`,
    audit === undefined ? undefined : `Audit entry: \`${audit}\`.`,
  ].filter((remark) => remark !== undefined)
  return {
    operationId: id,
    tags: [resource],
    summary,
    ...(remarks.length > 0 && { description: remarks.join('\n\n') }),
    security: securityOf(access),
    parameters: [
      ...parametersOf('path', route.params),
      ...parametersOf('query', route.query),
      ...parametersOf('header', route.headers),
      ...(isWriting(route) ? [idempotencyKey] : []),
    ],
    ...(body !== undefined && {
      requestBody: { required: !body.safeParse({}).success, content: jsonOf(requestSchema(body)) },
    }),
    responses: { ...answerOf(route, answers), ...problemsOf(route) },
  }
}

function securityOf(access: Route['access']): JsonObject[] {
  if (access === 'open') return []
  return [access === 'connect_token' ? { connectToken: [] } : { apiKey: [] }]
}

function parametersOf(place: string, schema: z.ZodObject | undefined): JsonObject[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = requestSchema(schema)
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: one,
  }))
}

function answerOf({ id, answer }: (typeof routeList)[number], answers: Answers): JsonObject {
  const { status, description } = answer
  const stream = 'stream' in answer ? answer.stream : 'type' in answer ? answer.type : undefined
  return {
    [status]: {
      description,
      content: {
        ...('schema' in answer && jsonOf(answers.get(id))),
        ...(stream !== undefined && { [stream]: { schema: { type: 'string' } } }),
      },
    },
  }
}

/** One response for each status, with the codes that the route answers under it. */
function problemsOf(route: Route): JsonObject {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of errorsOf(route)) {
    byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        ...((status === 429 || status === 503) && { headers: retryAfter }),
        content: {
          'application/problem+json': {
            schema: {
              allOf: [
                { $ref: refTo('Problem') },
                { properties: { status: { const: status }, code: { enum: codes } } },
              ],
            },
          },
        },
      },
    ]),
  )
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Names the change: repeated within 24 hours under the same key it is made once',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

const retryAfter = {
  'Retry-After': {
    description: 'Seconds to wait, where they are known',
    schema: { type: 'integer' },
  },
}

function jsonOf(schema: unknown): JsonObject {
  return { 'application/json': { schema } }
}

type Answers = ReadonlyMap<string, unknown>

/** JSON schemas of the answers by route, and of the named schemas by name. */
function describeAnswers(): Answers {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id })
  for (const { id, answer } of routeList) {
    if ('schema' in answer && !registry.has(answer.schema)) registry.add(answer.schema, { id })
  }
  const { schemas } = z.toJSONSchema(registry, { ...dialect, io: 'output', uri: refTo })
  const described = new Map<string, unknown>(
    Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]),
  )
  for (const { id, answer } of routeList) {
    const name = 'schema' in answer ? registry.get(answer.schema)?.id : undefined
    if (name === undefined || name === id) continue
    described.set(id, Object.hasOwn(named, name) ? { $ref: refTo(name) } : described.get(name))
  }
  return described
}

/** As a client sends it: with defaults left out. */
function requestSchema(schema: z.ZodType): z.core.JSONSchema.JSONSchema {
  const { $schema, ...described } = z.toJSONSchema(schema, { ...dialect, io: 'input' })
  return described
}

const refTo = (name: string): string => `#/components/schemas/${name}`

const dialect = {
  // An id says by `meta` what it is; zod itself knows only that a function checks it.
  unrepresentable: 'any',
  override({ zodSchema, jsonSchema }) {
    // A format says enough; the pattern behind it is a thousand characters long.
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    // Only a schema that refuses unknown fields says so: an answer may get further ones.
    const { def } = zodSchema._zod
    if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties
  },
} satisfies Parameters<typeof z.toJSONSchema>[1]
