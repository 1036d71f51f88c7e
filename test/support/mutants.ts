import type { ProviderDefinition } from '@keywell/protocol'

type Method = ProviderDefinition['auth'][number]
type OAuth = Extract<Method, { kind: 'oauth2' }>
type Installed = Extract<Method, { kind: 'installation' }>
/** A method with one thing wrong, and what that is. */
type Mutant = readonly [what: string, method: Method]

const nowhere = ['/not/there']
/** Rotations that differ at once: the others differ by when something is asked for again. */
const rotations = ['none', 'grace', 'strict', 'strict_family'] as const
const reaches = ['token', 'pair', 'user_and_app'] as const

/** Every method that comes of changing one value of it which decides what is sent, or how an answer is read. */
export function mutantsOf(method: Method): Mutant[] {
  const common = [...sending(method), ...identity(method), ...typed(method), ...health(method)]
  if (method.kind === 'installation') return [...common, ...installed(method)]
  return method.kind === 'oauth2' ? [...common, ...oauth(method)] : common
}

function installed(method: Installed): Mutant[] {
  const { install, token, revocation, removal } = method
  const { list } = install
  const withInstall = (part: Partial<Installed['install']>): Installed => ({
    ...method,
    install: { ...install, ...part },
  })
  const withList = (part: object) => withInstall({ list: { ...list, ...part } })
  const withAccount = (part: object) => withList({ account: { ...list.account, ...part } })
  const answer = { ...token.answer }
  return [
    ['install.url', withInstall({ url: elsewhere(install.url) })],
    ['install.id.parameter', withInstall({ id: { ...install.id, parameter: 'id' } })],
    ['install.pending', withInstall({ pending: { parameter: 'setup_action', value: 'install' } })],
    ['install.list.request', withList({ request: elsewhereIn(list.request) })],
    ['install.list.items', withList({ items: nowhere[0] })],
    ['install.list.id', withList({ id: nowhere })],
    ['install.list.account.id', withAccount({ id: { ...list.account.id, at: nowhere } })],
    ['install.list.account.name', withAccount({ name: nowhere })],
    ['install.list.account.username', withAccount({ username: nowhere })],
    ['token.url', { ...method, token: { ...token, url: elsewhere(token.url) } }],
    ...(['accessToken', 'expiresAt'] as const).map(
      (name): Mutant => [
        `token.answer.${name}`,
        { ...method, token: { ...token, answer: { ...answer, [name]: nowhere } } },
      ],
    ),
    ...token.errors.map(
      (_, index): Mutant => [
        `token.errors.${index}`,
        { ...method, token: { ...token, errors: token.errors.toSpliced(index, 1) } },
      ],
    ),
    ...(revocation?.style === 'request'
      ? [withRequest(method, 'revocation', revocation.request)]
      : []),
    ...(removal === undefined ? [] : [withRequest(method, 'removal', removal.request)]),
  ]
}

function withRequest(
  method: Installed,
  part: 'revocation' | 'removal',
  request: { url: string },
): Mutant {
  const changed = { ...method[part], request: elsewhereIn(request) }
  return [`${part}.request`, { ...method, [part]: changed } as Installed]
}

function oauth(method: OAuth): Mutant[] {
  const { token, renewal, revocation } = method
  const withToken = (part: Partial<OAuth['token']>): OAuth => ({
    ...method,
    token: { ...token, ...part },
  })
  const other =
    token.client === 'client_secret_basic' ? 'client_secret_post' : 'client_secret_basic'
  return [
    ...asking(method),
    ...(method.device === undefined || method.authorize.url !== undefined
      ? []
      : [
          [
            'device.url',
            { ...method, device: { ...method.device, url: elsewhere(method.device.url) } },
          ] as const,
        ]),
    ['token.client', withToken({ client: other })],
    ...(Object.keys(token.headers).length === 0
      ? []
      : ([['token.headers', withToken({ headers: {} })]] as const)),
    ...answered(renewal.by).map(
      (name): Mutant => [
        `token.answer.${name}`,
        withToken({ answer: { ...token.answer, [name]: nowhere } }),
      ],
    ),
    ...token.errors.map(
      (_, index): Mutant => [
        `token.errors.${index}`,
        withToken({ errors: token.errors.filter((_one, place) => place !== index) }),
      ],
    ),
    ...(renewal.by === 'none'
      ? []
      : [
          ...rotations
            .filter((rotation) => rotation !== renewal.rotation)
            .map((rotation): Mutant => [`renewal.rotation ${rotation}`, rotated(method, rotation)]),
          [
            'token.sendScopeOnRefresh',
            withToken({ sendScopeOnRefresh: !token.sendScopeOnRefresh }),
          ] as const,
          [
            'renewal.revokesOldAccessToken',
            {
              ...method,
              renewal: { ...renewal, revokesOldAccessToken: !renewal.revokesOldAccessToken },
            } as OAuth,
          ] as const,
        ]),
    ...(revocation.style === 'none'
      ? []
      : [
          ...reaches
            .filter((kills) => kills !== revocation.kills)
            .map(
              (kills): Mutant => [
                `revocation.kills ${kills}`,
                { ...method, revocation: { ...revocation, kills } } as OAuth,
              ],
            ),
          [
            'revocation.send',
            {
              ...method,
              revocation: {
                ...revocation,
                send: revocation.send === 'access_token' ? 'refresh_token' : 'access_token',
              },
            } as OAuth,
          ] as const,
        ]),
  ]
}

/** What a token answer has; one that is not renewed has no more than the first and the last. */
function answered(by: OAuth['renewal']['by']): (keyof OAuth['token']['answer'])[] {
  return by === 'none'
    ? ['accessToken', 'scope']
    : ['accessToken', 'refreshToken', 'expiresIn', 'scope']
}

function asking(method: OAuth): Mutant[] {
  const { scopes } = method.authorize
  if (scopes === null) return []
  const wrong: readonly (readonly [string, object])[] = [
    ['separator', { separator: ',' }],
    ['parameter', { parameter: 'scp' }],
    ...(scopes.always === undefined ? [] : [['always', { always: [] }] as const]),
  ]
  return wrong.map(([what, change]) => [
    `authorize.scopes.${what}`,
    { ...method, authorize: { ...method.authorize, scopes: { ...scopes, ...change } } },
  ])
}

/** With what its rotation needs, and without what others need. */
function rotated(method: OAuth, rotation: (typeof rotations)[number]): OAuth {
  const { newEachTime: _, graceSeconds: __, ...renewal } = method.renewal as Record<string, unknown>
  return {
    ...method,
    renewal: {
      ...renewal,
      rotation,
      ...(rotation === 'grace' && { graceSeconds: 60 }),
      ...(rotation === 'none' && { newEachTime: true }),
    },
  } as OAuth
}

function sending(method: Method): Mutant[] {
  return method.send.map((part, index) => [
    `send.${index}`,
    {
      ...method,
      send: method.send.with(
        index,
        part.in === 'basic'
          ? { ...part, username: part.password, password: part.username }
          : { ...part, value: `Not${part.value}` },
      ),
    } as Method,
  ])
}

function identity(method: Method): Mutant[] {
  const { identity: part } = method
  if (part === undefined) return []
  const { account } = part
  const withAccount = (change: Partial<typeof account>): Method =>
    ({ ...method, identity: { ...part, account: { ...account, ...change } } }) as Method
  return [
    ['identity.account.id', withAccount({ id: { ...account.id, at: nowhere } } as never)],
    ['identity.account.name', withAccount({ name: nowhere } as never)],
    ...(account.username.length === 0
      ? []
      : ([['identity.account.username', withAccount({ username: nowhere } as never)]] as const)),
    [
      'identity.request',
      {
        ...method,
        identity: { ...part, request: { ...part.request, url: elsewhere(part.request.url) } },
      } as Method,
    ],
  ]
}

/** An account that was typed. */
function typed(method: Method): Mutant[] {
  if (!('typedAccount' in method) || method.typedAccount === undefined) return []
  return [
    ['typedAccount.id', { ...method, typedAccount: { ...method.typedAccount, id: '$hash' } }],
    ['typedAccount.name', { ...method, typedAccount: { id: method.typedAccount.id } }],
  ]
}

function health(method: Method): Mutant[] {
  const { health: part } = method
  const withHealth = (change: Partial<typeof part>): Method =>
    ({ ...method, health: { ...part, ...change } }) as Method
  return [
    [
      'health.request',
      withHealth({ request: { ...part.request, url: elsewhere(part.request.url) } }),
    ],
    ...(['active', 'inactive'] as const).flatMap((list) =>
      part[list].flatMap((condition, index): Mutant[] => {
        const change = (one: object) => withHealth({ [list]: part[list].with(index, one as never) })
        return [
          [`health.${list}.${index}.status`, change({ ...condition, status: [418] })],
          ...('at' in condition
            ? ([[`health.${list}.${index}.at`, change({ ...condition, at: nowhere[0] })]] as const)
            : []),
        ]
      }),
    ),
    ...Object.entries(part.details).map(
      ([name, value]): Mutant => [
        `health.details.${name}`,
        withHealth({ details: { ...part.details, [name]: wrong(value) } as never }),
      ],
    ),
  ]
}

const elsewhereIn = <Request extends { url: string }>(request: Request): Request => ({
  ...request,
  url: elsewhere(request.url),
})

const elsewhere = (url: string) => url.replace(/\?|$/, '/more$&')

/** A separator, the name of a header, or pointers that are others. */
function wrong(value: unknown): unknown {
  if (value === ',') return ';'
  if (typeof value === 'string') return `${value}-not`
  return Array.isArray(value) ? nowhere : { ...(value as object), at: nowhere }
}
