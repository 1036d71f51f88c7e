import type { ProviderDefinition } from '@keywell/protocol'
import { table } from './table.ts'

type Method = ProviderDefinition['auth'][number]
type OAuth = Extract<Method, { kind: 'oauth2' }>
type Key = Extract<Method, { kind: 'key' }>
type Installation = Extract<Method, { kind: 'installation' }>
type Derived = Extract<ProviderDefinition['variables'][string], { kind: 'derived' }>

const indexPath = 'apps/docs/reference/providers.md'

/** A page for each provider, and one that lists them, by their paths. */
export function providerPages(providers: readonly ProviderDefinition[]): Map<string, string> {
  const all = providers.toSorted((one, other) => one.title.localeCompare(other.title))
  return new Map([
    [indexPath, indexOf(all)],
    ...all.map((one) => [`apps/docs/reference/providers/${one.name}.md`, pageOf(one)] as const),
  ])
}

function indexOf(providers: readonly ProviderDefinition[]): string {
  const rows = providers.map(({ name, title, auth, state }) => [
    `[${title}](providers/${name}.md)`,
    `\`${name}\``,
    auth.map((method) => method.title).join(', '),
    state === 'preview' ? 'preview' : '',
  ])
  return text([
    '# Providers',
    'What each definition of the catalogue says, written from it by `npm run provider-pages`. A provider of your own is [a file](../guide/own-providers.md).',
    table(['provider', 'name', 'methods', 'state'], rows),
    'In preview, something that decides is known from one source alone, and has the value that does the least harm.',
  ])
}

function pageOf(provider: ProviderDefinition): string {
  const { title, name, state, documentationUrl } = provider
  return text([
    `# ${title}`,
    `\`${name}\` in calls. Written from [its definition](../../../../packages/providers/src/${name}.ts) by \`npm run provider-pages\`; the provider’s own page is [here](${documentationUrl}).`,
    state === 'preview'
      ? '**In preview**: something that decides is known from one source alone, and has the value that does the least harm.'
      : '',
    ...places(provider),
    ...provider.auth.flatMap((method) => methodSection(provider, method)),
    ...scopeSection(provider),
    ...limitSection(provider),
  ])
}

function places({ variables, api }: ProviderDefinition): string[] {
  const rows = Object.entries(variables).flatMap(([name, variable]) =>
    variable.kind === 'derived'
      ? [[`\`${name}\``, followsFrom(variable), '']]
      : [[`\`${name}\``, variable.title, 'default' in variable ? `\`${variable.default}\`` : '']],
  )
  return [
    '## Where it is',
    `API: \`${api.base}\`.`,
    rows.length === 0 ? '' : table(['variable', 'is', 'default'], rows),
  ]
}

function followsFrom({ from, lines }: Derived): string {
  const values = lines.map(({ equals, endsWith, value }) =>
    equals !== undefined
      ? `\`${value}\` where \`${from}\` is \`${equals}\``
      : endsWith !== undefined
        ? `\`${value}\` where \`${from}\` ends in \`${endsWith}\``
        : `else \`${value}\``,
  )
  return values.join(', ')
}

function methodSection(provider: ProviderDefinition, method: Method): string[] {
  const heading = `## ${method.title.charAt(0).toUpperCase()}${method.title.slice(1)}`
  switch (method.kind) {
    case 'oauth2':
      return [heading, ...consent(provider, method)]
    case 'installation':
      return [heading, ...installed(provider, method)]
    default:
      return [heading, ...key(method as Key)]
  }
}

function installed(
  { registration, variables }: ProviderDefinition,
  method: Installation,
): string[] {
  const guide = method.registration ?? registration
  const own = Object.entries(variables).flatMap(([name, variable]) =>
    method.install.url.includes(`{${name}}`) && variable.kind === 'segment'
      ? [`\`${name}\` (${variable.title.toLowerCase()})`]
      : [],
  )
  return [
    `\`${method.id}\`: an administrator installs the app there, and the connection is the tenant’s. An app is registered at \`${guide.url}\`, with the redirect URI that \`POST /v1/integrations\` answers with:`,
    steps(guide.steps),
    table(
      ['', ''],
      [
        ['installed at', `\`${method.install.url}\``],
        ['an integration has', [...own, 'client id and secret, private key'].join(', ')],
        ['access token', lasting(method.renewal.defaultExpiresIn, '')],
        ['renewal', `minted by the app: ${method.assertion.algorithm}`],
        [
          'disconnect',
          method.revocation === undefined
            ? 'withdraws nothing: the app stays installed'
            : 'withdraws the access token: the app stays installed',
        ],
        ['removal', '`DELETE /v1/installations/:connectionId`'],
        ['by hand', `\`${method.manualUrl}\``],
      ],
    ),
  ]
}

function consent({ registration }: ProviderDefinition, method: OAuth): string[] {
  const guide = method.registration ?? registration
  const once =
    registration.each === 'host' ? 'at each address that you connect' : 'once for all users'
  return [
    method.authorize.url === undefined
      ? `\`${method.id}\`: the user types [a code](../../guide/device.md) at the provider. An app is registered ${once}; see \`${guide.url}\`:`
      : `\`${method.id}\`: the user consents at the provider. An app is registered ${once}, at \`${guide.url}\`, with the redirect URI that \`POST /v1/integrations\` answers with:`,
    steps(guide.steps),
    table(
      ['', ''],
      [
        ['asked for by default', scopesIn(method.defaultScopes) || 'nothing: it has no scopes'],
        ...(method.device === undefined ? [] : [['a code to type', `\`${method.device.url}\``]]),
        ['PKCE', method.authorize.pkce === 'none' ? 'not sent' : method.authorize.pkce],
        ['client', `\`${method.token.client}\``],
        ...lifetimes(method),
        ['disconnect', withdrawal(method)],
        ['by hand', `\`${method.manualUrl}\``],
      ],
    ),
  ]
}

function lifetimes({ renewal }: OAuth): string[][] {
  const access = [
    'access token',
    lasting(renewal.defaultExpiresIn ?? null, 'has no end, unless an answer says otherwise'),
  ]
  if (renewal.by === 'none') return [access, ['renewal', 'none']]
  const { idle, absolute } = renewal.refreshTokenLifetime
  return [
    access,
    ['refresh token, unused', lasting(idle, 'has no end, unless an answer says otherwise')],
    ['grant', lasting(absolute, 'has no end')],
    ['a used refresh token', rotations[renewal.rotation] ?? renewal.rotation],
  ]
}

/** Unless an answer says otherwise. */
function lasting(seconds: number | null, endless: string): string {
  if (seconds === null) return endless
  const [count, unit] =
    seconds % 86_400 === 0 ? [seconds / 86_400, 'day'] : [seconds / 3_600, 'hour']
  return `${count} ${unit}${count === 1 ? '' : 's'}, unless an answer says otherwise`
}

const rotations: Readonly<Record<string, string>> = {
  none: 'stays good',
  until_used: 'works until the new one is used',
  grace: 'works for a short time more',
  grace_then_family: 'works for a short time more, and then ends the grant',
  strict: 'is refused; the newer one lives',
  strict_family: 'ends the grant',
}

const reaches: Readonly<Record<string, string>> = {
  token: 'withdraws this token',
  pair: 'withdraws both tokens of this connection',
  user_and_app:
    'withdraws all grants of the account for the app, once no other connection needs them',
  installation: 'withdraws nothing: it would remove the app at the customer',
}

function withdrawal({ revocation }: OAuth): string {
  if (revocation.style === 'none') return 'withdraws nothing there: only the user can, by hand'
  return reaches[revocation.kills] ?? revocation.kills
}

function key(method: Key): string[] {
  const rows = method.fields.map(({ name, label, secret }) => [
    `\`${name}\``,
    label,
    secret ? 'yes' : 'no',
  ])
  return [
    `\`${method.id}\`: the user makes a key at \`${method.manualUrl}\`, and pastes it.`,
    steps(method.steps),
    table(['field', 'is', 'secret'], rows),
    method.revocation === undefined
      ? 'A disconnect forgets it; its user ends it there by hand, since it may be used elsewhere too.'
      : 'A disconnect ends it at the provider.',
  ]
}

function scopeSection({ scopes, scopePresets }: ProviderDefinition): string[] {
  if (scopes.length === 0)
    return ['## Scopes', 'None: what a credential may do is chosen at the provider.']
  const rows = scopes.map((scope) => [
    `\`${scope.name}\``,
    scope.sentence,
    scope.risk,
    scope.readOnly ? 'reads only' : '',
    scopesIn(scope.implies),
  ])
  const presets = scopePresets.map((preset) => [
    preset.title,
    preset.sentence,
    scopesIn(preset.scopes),
  ])
  return [
    '## Scopes',
    table(['scope', 'allows', 'risk', '', 'has in it'], rows),
    ...(presets.length === 0
      ? []
      : ['### Presets', table(['preset', 'allows', 'scopes'], presets)]),
  ]
}

function limitSection({ limits }: ProviderDefinition): string[] {
  if (limits === undefined) return []
  const { requestsPerSecond, burst, concurrency } = limits
  return [
    '## Limits',
    `The service asks the default host at most ${requestsPerSecond} times a second, ${burst} at once after a pause, and has at most ${concurrency} requests open. Calls of your own are not counted.`,
  ]
}

const scopesIn = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ')

const steps = (all: readonly string[]) =>
  all.map((step, index) => `${index + 1}. ${step}`).join('\n')

const text = (parts: readonly string[]) => `${parts.filter((part) => part !== '').join('\n\n')}\n`
