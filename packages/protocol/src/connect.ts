import { z } from 'zod'
import { connectionSchema } from './connections.ts'
import { errorCodeSchema, providerReasonSchema } from './errors.ts'
import {
  connectionIdSchema,
  connectionNameSchema,
  flowIdSchema,
  methodIdSchema,
  providerKeySchema,
  providerNameSchema,
  sessionIdSchema,
  tenantIdSchema,
  tenantOwnerSchema,
  userIdSchema,
} from './ids.ts'
import { knownFields } from './known-fields.ts'
import { methodViewSchema } from './method-view.ts'
import { providerBrandSchema } from './provider/mark.ts'
import type { ScopeName } from './provider-names.ts'
import { scopeGroupSchema, scopePresetSchema, scopeViewSchema } from './scope-view.ts'
import { toolSummarySchema } from './tools.ts'

const scope: z.ZodType<string, ScopeName> = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, 'not a scope (RFC 6749 section 3.3)')
const scopes = z.array(scope).max(100)
const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).max(2000)
export const originSchema = url.regex(
  /^https?:\/\/[^/?#@\\A-Z]+$/,
  'must be an origin such as https://app.example',
)

/**
 * How an account is connected: the id of a method of the provider, such as `personal_access_token`; or for any of a
 * kind `oauth`, by consent at the provider, or `key`, by a key that its user has made there by hand and pastes into a
 * form of the service.
 */
export const connectMethodSchema = methodIdSchema
export type ConnectMethod = z.infer<typeof connectMethodSchema>

/** What one browser may ask of one provider in a connect session. */
export const scopePolicySchema = knownFields({
  /** Always asked for. */
  required: scopes.default([]),
  /** The browser may add any of these. */
  optional: scopes.default([]),
  /** Never asked for, whatever else is said. */
  forbidden: scopes.default([]),
})

/** `POST /v1/connect/sessions`: made by the app's backend, never by a browser. */
export const createSessionSchema = knownFields({
  tenantId: tenantIdSchema,
  /** Who connects, and confirms it at the end. */
  userId: userIdSchema,
  /**
   * Whose the connection becomes. `tenant`: the tenant's own, for all of its users; only for an administrator, which
   * the app's backend decides. Default: the user's.
   */
  owner: tenantOwnerSchema.optional(),
  /** Providers that the session may connect. Default: all of the catalogue. */
  providers: z.array(providerNameSchema).max(50).optional(),
  /**
   * Scopes by provider. A provider that is not named here allows those that its integration was
   * registered with, none of them required.
   */
  scopes: z.record(providerKeySchema, scopePolicySchema).default({}),
  /** Names of tools that the app will call: the least scopes that they need are required, beside those of `scopes`. */
  tools: z.array(z.string().min(1).max(300)).max(200).optional(),
  /**
   * Hosts that the session may connect. Default: every host that has an integration; by a key also the
   * provider's own, and those that the operator has listed.
   */
  hosts: z.array(url).max(50).optional(),
  /**
   * How the session may connect. Default: by consent alone, whose scopes end at those of the integration. A pasted
   * key may do whatever its user ticked, so a session that allows `key` should name `scopes`.
   */
  methods: z.array(connectMethodSchema).min(1).max(20).default(['oauth']),
  /**
   * Whether it may connect by device authorisation (RFC 8628), where a person types a code at the provider. Anybody may
   * be talked into that, so it ends with a confirmation that names the account. Default: false.
   */
  device: z.boolean().default(false),
  /**
   * Which host is meant where the page names none, by provider. Default: the only one that there is
   * an integration for.
   */
  defaultHosts: z.record(providerKeySchema, url).default({}),
  /** Origins of the app's pages; exact. Only they may start and watch flows. */
  origins: z.array(originSchema).min(1).max(10),
  /** Where the browser comes back to with a finish ticket. Its origin must be one of `origins`. */
  returnUrl: url,
  /**
   * Origin of the page that asked for the session, as its browser said; `null`, in letters, for one that
   * hides it. A page that is not on one of `origins` gets no session, and the audit log names it.
   * Default: the page is not checked.
   */
  pageOrigin: z.union([originSchema, z.literal('null')]).optional(),
  /** `fragment` keeps the ticket out of the app's server log, for apps whose session is no cookie. */
  returnMode: z.enum(['query', 'fragment']).default('query'),
  /** The connection to reconnect; its account must stay the same. */
  connectionId: connectionIdSchema.optional(),
  /** Allows another account at the provider to replace the one that was connected. */
  allowAccountChange: z.boolean().default(false),
})
export type CreateSession = z.input<typeof createSessionSchema>

export const sessionAnswerSchema = z.object({
  sessionId: sessionIdSchema,
  /** JWT for the browser, ten minutes, audience `connect`. Sent in a header, never in a URL. */
  connectToken: z.string(),
  /** Base URL of the service as browsers see it. */
  serviceUrl: z.string(),
  expiresAt: z.iso.datetime(),
})
export type SessionAnswer = z.infer<typeof sessionAnswerSchema>

/** Text of the app that a page of the service shows: one line, and nothing that changes its direction. */
const shownText = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(
    /^[^\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/u,
    'must be one line without control characters',
  )

/**
 * `POST /v1/connect/links`: a session that begins with an address to open, on a page of the service. For what has
 * no page of its own: a chat bot, an e-mail, a terminal, an agent.
 */
export const createLinkSchema = knownFields({
  ...withoutPages(createSessionSchema.shape),
  /** Whose account at the app this is, as its user knows it: an e-mail address, or a name. The page shows it. */
  accountLabel: shownText,
  /**
   * Who says at the end which user this was. `sign_in`: the app, at `returnUrl`, by its own login. `code`: the page
   * shows a short code, and its user gives it back where the link came from. Anybody may be talked into opening a link
   * and giving a code away, so `code` is only for what has no login in a browser.
   */
  confirmBy: z.enum(['sign_in', 'code']).default('sign_in'),
  /** With `sign_in`: where the browser comes back to with a finish ticket. */
  returnUrl: url.optional(),
  /** Origins of the app; `returnUrl` and `resumeUrl` are on one of them. Default: that of `returnUrl`. */
  origins: z.array(originSchema).min(1).max(10).optional(),
  /** With `sign_in`: the page of the app to show at the end. Default: that of the SDK's handler, which says how it went. */
  resumeUrl: url.optional(),
  /** With `code`: where the code is to be given back, as in "the Acme bot in Slack". The page shows it. */
  startedIn: shownText.optional(),
  /** How long the link can be opened. Default: an hour. */
  expiresInSeconds: z.int().min(60).max(86_400).default(3_600),
}).superRefine(({ confirmBy, returnUrl, origins, resumeUrl, startedIn }, context) => {
  const bySignIn = confirmBy === 'sign_in'
  const wrong = bySignIn
    ? [
        returnUrl === undefined && 'returnUrl: is needed with confirmBy "sign_in"',
        startedIn !== undefined && 'startedIn: is for confirmBy "code"',
      ]
    : [
        startedIn === undefined && 'startedIn: is needed with confirmBy "code"',
        (returnUrl ?? resumeUrl ?? origins) !== undefined &&
          'returnUrl: confirmBy "code" leads to no page of the app',
      ]
  for (const message of wrong) if (message !== false) context.addIssue(message)
})
export type CreateLink = z.input<typeof createLinkSchema>

function withoutPages<Shape extends typeof createSessionSchema.shape>({
  origins: _origins,
  returnUrl: _returnUrl,
  pageOrigin: _pageOrigin,
  ...rest
}: Shape): Omit<Shape, 'origins' | 'returnUrl' | 'pageOrigin'> {
  return rest
}

export const linkAnswerSchema = z.object({
  /** For `confirm` and for `revokeSession`. */
  sessionId: sessionIdSchema,
  /** A secret: it goes to the one user, and nowhere else. It can begin one connect, in one browser. */
  url: z.string(),
  /** Until then it can be opened. */
  expiresAt: z.iso.datetime(),
})
export type LinkAnswer = z.infer<typeof linkAnswerSchema>

/** The query of `DELETE /v1/connect/sessions/:sessionId`. */
export const revokeSessionSchema = z.object({ tenantId: tenantIdSchema })

export const revokedSessionSchema = z.object({
  sessionId: sessionIdSchema,
  revoked: z.literal(true),
})
export type RevokedSession = z.infer<typeof revokedSessionSchema>

/** `POST /connect/flows`, with the connect token as `Authorization: Bearer`. */
export const createFlowSchema = knownFields({
  provider: providerNameSchema,
  /** Default: the session's default host, else the only one that the session may connect. */
  host: url.optional(),
  /** Chosen by the user among the session's optional ones; required ones come by themselves. */
  scopes: scopes.optional(),
  connectionName: connectionNameSchema.optional(),
  /**
   * With a key, `startUrl` leads to a form of the service in place of the provider's page. Default: that of the
   * connection to reconnect, else the provider's first that the session allows and that can be used here.
   */
  method: connectMethodSchema.optional(),
  mode: z.enum(['popup', 'redirect']).default('popup'),
  /** With `redirect`: the page to come back to; its origin must be one of the session's. */
  resumeUrl: url.optional(),
})
export type CreateFlow = z.input<typeof createFlowSchema>

export const createFlowAnswerSchema = z.object({
  flowId: flowIdSchema,
  /** One-time code; posted as form field `start_code` to `startUrl`, into the popup. */
  startCode: z.string(),
  startUrl: z.string(),
  expiresAt: z.iso.datetime(),
})
export type CreateFlowAnswer = z.infer<typeof createFlowAnswerSchema>

/**
 * `created` (not yet opened), `started` (the user is at the provider, or at the form for a key), `confirming`
 * (code or key is parked until the app confirms), then one of the ends.
 */
export const flowStatusSchema = z.enum([
  'created',
  'started',
  'confirming',
  'connected',
  'denied',
  'cancelled',
  'expired',
  'failed',
])
export type FlowStatus = z.infer<typeof flowStatusSchema>

/** The end of a flow; nothing follows. */
export const finalFlowStatuses: readonly FlowStatus[] = [
  'connected',
  'denied',
  'cancelled',
  'expired',
  'failed',
]

/** `GET /connect/flows/:flowId`, as JSON or as server-sent events named `flow`. */
export const flowSchema = z.object({
  flowId: flowIdSchema,
  status: flowStatusSchema,
  /** With `failed` and `denied`. */
  error: z
    .object({
      code: errorCodeSchema,
      message: z.string(),
      /** What to do now, in words. */
      nextStep: z.string().optional(),
      /** With `provider_error`, where it is known: what stood in the way at the provider. */
      providerReason: providerReasonSchema.optional(),
      retryable: z.boolean(),
    })
    .nullable(),
  /** With `connected`. Never a token. */
  connection: connectionSchema.nullable(),
})
export type Flow = z.infer<typeof flowSchema>

/** `POST /v1/connect/sessions/:sessionId/confirm`: the app says who finished the flow. */
export const confirmSchema = z
  .object({
    /** With `ticket`. */
    flowId: flowIdSchema.optional(),
    /** What the browser brought to the return URL. */
    ticket: z.string().min(1).max(200).optional(),
    /** In place of both, for a link with `confirmBy: 'code'`: what its page showed, as the user typed it. */
    code: z.string().min(1).max(100).optional(),
    /** Who is signed in at the app, in the browser that brought the ticket; or who gave the code. */
    tenantId: tenantIdSchema,
    userId: userIdSchema,
  })
  .superRefine(({ flowId, ticket, code }, context) => {
    const byTicket = flowId !== undefined && ticket !== undefined
    const isOne = code === undefined ? byTicket : (flowId ?? ticket) === undefined
    if (!isOne) context.addIssue('Send flowId and ticket, or code.')
  })
export type Confirm = z.input<typeof confirmSchema>

export const confirmAnswerSchema = flowSchema.extend({
  mode: z.enum(['popup', 'redirect']),
  /** With `redirect`: where the browser goes now. */
  resumeUrl: z.string().nullable(),
})
export type ConfirmAnswer = z.infer<typeof confirmAnswerSchema>

/**
 * `POST /v1/connect/device`: a session and its one flow, for what has no browser of its own: a terminal, an agent. The
 * service asks the provider for a code, and polls for what its person decides.
 */
export const startDeviceSchema = knownFields({
  ...createSessionSchema.omit({
    origins: true,
    returnUrl: true,
    pageOrigin: true,
    returnMode: true,
  }).shape,
  ...createFlowSchema.pick({ provider: true, host: true, connectionName: true, method: true })
    .shape,
})
export type StartDevice = z.input<typeof startDeviceSchema>

export const deviceStartSchema = z.object({
  flowId: flowIdSchema,
  sessionId: sessionIdSchema,
  /** For the person to type at the provider, and to compare with what its page shows. */
  userCode: z.string(),
  /** The page to open. */
  verificationUri: z.string(),
  /** The same with the code in it; absent: the provider has none. */
  verificationUriComplete: z.string().optional(),
  /** Until then the code is good. */
  expiresAt: z.iso.datetime(),
  /** How often the service polls; `GET /v1/connect/device/:flowId` answers as soon as there is something to say. */
  intervalMs: z.int(),
})
export type DeviceStart = z.infer<typeof deviceStartSchema>

/** The query of `GET /v1/connect/device/:flowId`. */
export const readDeviceSchema = z.object({
  tenantId: tenantIdSchema,
  /** How long the answer may wait for something to change, in milliseconds; at most 25,000. Default: 0. */
  waitMs: z.coerce.number().int().min(0).max(25_000).default(0),
})

/** A flow by device authorisation. `started`: nobody has decided yet. */
export const deviceFlowSchema = flowSchema.extend({
  /** With `confirming`: who approved, to be shown to the person who asked. With `connected`: the same. Else null. */
  account: connectionSchema.shape.account.nullable(),
})
export type DeviceFlow = z.infer<typeof deviceFlowSchema>

/** `POST /v1/connect/device/:flowId/confirm`: whose account it is that the app's user expects. */
export const confirmDeviceSchema = z.object({
  tenantId: tenantIdSchema,
  /** Who asked for the code, by the app's own login. */
  userId: userIdSchema,
  /** `account.id`, once the user has seen whose it is. Another one ends the flow, and nothing is stored. */
  accountId: z.string().min(1).max(500),
})
export type ConfirmDevice = z.input<typeof confirmDeviceSchema>

/** Names of the parameters that come back at the session's return URL. */
export const returnParameters = {
  session: 'keywell_session',
  flow: 'keywell_flow',
  ticket: 'keywell_ticket',
} as const

/** Name of the BroadcastChannel on the app's origin; messages are `{ flowId, status }`. */
export const finishChannel = 'keywell'

/** `POST /connect/hosts`, with the connect token. */
export const checkHostSchema = knownFields({
  provider: providerNameSchema,
  /** As a person typed or pasted it: a name, the address of a page or of a repository, with its relative root. */
  host: z.string().min(1).max(2000),
  /** How an account is to be connected there. Default: by any method that the session allows. */
  method: connectMethodSchema.optional(),
})
export type CheckHost = z.input<typeof checkHostSchema>

export const hostCheckSchema = z.object({
  /** The base URL that is meant, as a connection has it. */
  host: z.string(),
  /**
   * `ready`: an account can be connected there by the method. `not_registered`: the provider answers there, and
   * nothing is registered for it. `not_recognised`: something else answers. `unreachable`: nothing does, or the service may not
   * call it.
   */
  status: z.enum(['ready', 'not_registered', 'not_recognised', 'unreachable']),
  /** The ids of the methods by which an account can be connected there. */
  methods: z.array(methodIdSchema),
  /** What to do, in words; null with `ready`. */
  nextStep: z.string().nullable(),
  /** With `not_registered`: what to register there. */
  registration: z
    .object({
      /** The page of the provider where apps are registered. */
      page: z.string(),
      /** Null: a backend gets it by making a draft of an integration. */
      redirectUri: z.string().nullable(),
      scopes: z.array(z.string()),
      steps: z.array(z.string()),
    })
    .nullable(),
})
export type HostCheck = z.infer<typeof hostCheckSchema>

/** The query of `GET /connect/providers`. */
export const readConnectOptionsSchema = z.object({
  /** Whether the answer has the tools of each provider: some kilobytes, which a button does not need. */
  tools: z.enum(['true', 'false']).default('false'),
  /** Only this instance, and what is registered there. Default: all, with the scopes of the session's default host. */
  host: url.optional(),
})

/** What a person is asked for where a provider is at many addresses, and each is a word away from the others. */
const placeViewSchema = z.object({
  /** `label`: one label of a host name. `segment`: one of a path. `choice`: one of `options`. */
  kind: z.enum(['label', 'segment', 'choice']),
  /** What the provider calls it, such as `Subdomain`. */
  title: z.string(),
  /** The address, with `…` in its place; null with `choice`. */
  example: z.string().nullable(),
  /** With `choice`. */
  options: z.array(z.object({ value: z.string(), title: z.string() })),
})
export type PlaceView = z.infer<typeof placeViewSchema>

/** `GET /connect/providers`, with the connect token: what the session may connect. */
export const connectOptionsSchema = z.object({
  providers: z.array(
    z.object({
      name: providerNameSchema,
      ...providerBrandSchema.shape,
      /** The provider's own instance, whether it can be connected or not; any other is self-managed. Null: there is none. */
      defaultHost: z.string().nullable(),
      hosts: z.array(z.string()),
      /** How it can be connected here, in the order of the provider. */
      methods: z.array(methodViewSchema),
      scopes: z.array(scopeViewSchema.extend({ required: z.boolean() })),
      /** Groups that have a scope here. */
      scopeGroups: z.array(scopeGroupSchema),
      /** Presets all of whose scopes are offered. */
      scopePresets: z.array(scopePresetSchema),
      /** With `tools=true`: the tools that the tenant's policy allows. */
      tools: z.array(toolSummarySchema).optional(),
    }),
  ),
  /** By provider, for those that the session allows: what makes the address. Absent: nothing does but the whole address. */
  places: z.record(providerNameSchema, placeViewSchema),
})
export type ConnectOptions = z.infer<typeof connectOptionsSchema>
