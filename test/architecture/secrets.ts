/** Where a secret may be opened, and what may not stand at the top of a module. */
import { type Fault, isTest, type SourceFile, visit } from './source.ts'

/** Who may call `Secret.expose()`, and why the secret must leave as itself there. */
const exposers: Readonly<Record<string, string>> = {
  'packages/server/src/oauth/client.ts': 'requests to the token endpoint',
  'packages/server/src/oauth/device.ts': 'the code that a token endpoint is polled with',
  'packages/server/src/oauth/assertion.ts': 'the private key that signs an assertion',
  'packages/server/src/oauth/installation.ts': 'the id of an installation, in addresses',
  'packages/server/src/oauth/integration-record.ts': 'the record that the vault seals, of an app',
  'packages/server/src/oauth/mint.ts': 'the end that a minted access token names itself',
  'packages/server/src/oauth/mint-request.ts': 'requests that access tokens are minted by',
  'packages/server/src/oauth/mint-values.ts': 'parts of a file that holds a private key',
  'packages/server/src/oauth/revoke.ts': 'requests that withdraw a grant or a key',
  'packages/server/src/oauth/send.ts':
    'the headers that carry a credential to its provider or to the app',
  'packages/server/src/oauth/signed-callback.ts': 'the key of the MAC of a callback',
  'packages/server/src/oauth/token-set.ts': 'the record that the vault seals',
  'packages/server/src/outbound/egress-proxy.ts': 'the header that an egress proxy asks for',
  'packages/server/src/connect/park-code.ts':
    'a code with the id of an installation, as they were parked',
  'packages/server/src/connect/start-flow.ts':
    'the verifier of a flow, sealed again for the browser that it began in',
  'packages/server/src/connect/key-choice.ts':
    'the verifier of a flow, sealed again for the key that was chosen',
  'packages/server/src/connect/key-fields.ts':
    'a key from its form, sealed until the app has said who brought it',
  'packages/server/src/connect/device-record.ts':
    'the code that a flow is polled with, and what a poll brought, sealed in its row',
  'packages/server/src/credentials/account-uses.ts': 'the MAC of a key that connections may share',
  'packages/server/src/credentials/credential-answer.ts': "the answer to the app's backend",
  'packages/server/src/credentials/send.ts':
    'what is taken out of an answer, should a credential come back in it',
  'packages/server/src/custom-providers/record-calls.ts':
    'what was typed, which is taken out of an address that is shown',
  'packages/server/src/http/api-keys.ts': 'a new API key, shown once',
  'packages/server/src/http/webhooks.ts': 'the secret of a webhook, shown once',
  'packages/sdk/src/service.ts': 'the header of calls to the service',
  'packages/sdk/src/connections.ts': 'an API key that the service is to keep',
  'packages/cli/src/mcp/client-token.ts': 'requests to the token endpoint, of a stdio server',
  'packages/cli/src/mcp/command.ts': 'a bearer that was made for clients over HTTP, shown once',
  'packages/cli/src/mcp/health.ts': 'the header of checks, of a stdio server',
  'packages/cli/src/mcp/send.ts': 'the header that carries a token to its instance',
  'packages/cli/src/mcp/serve-http.ts': 'the bearer that clients send',
  'apps/service/src/main.ts': 'the file of the first API key',
  'apps/service/src/api-keys-command.ts': 'a new API key, shown once',
}

export function exposeFaults(files: readonly SourceFile[]): Fault[] {
  return files
    .filter(({ path }) => !isTest(path) && !path.startsWith('test/'))
    .filter(({ path }) => exposers[path] === undefined)
    .filter(exposes)
    .map(({ path }) => ({ path, message: 'may not open a Secret with expose()' }))
}

/** Permits that are not needed any more. */
export function staleExposers(files: readonly SourceFile[]): string[] {
  return Object.keys(exposers).filter((permit) => {
    const file = files.find(({ path }) => path === permit)
    return file === undefined || !exposes(file)
  })
}

/** Any mention counts, since `const { expose } = secret` opens it too. */
function exposes(file: SourceFile): boolean {
  let found = false
  visit(file, {
    MemberExpression: ({ property, computed }) => {
      const isName = property.type === 'Identifier' && !computed && property.name === 'expose'
      const isText = property.type === 'Literal' && property.value === 'expose'
      found ||= isName || isText
    },
    ObjectPattern: ({ properties }) => {
      found ||= properties.some(
        (each) =>
          each.type === 'Property' && each.key.type === 'Identifier' && each.key.name === 'expose',
      )
    },
  })
  return found
}

/** `let` and `var` at the top of a module: state that two engines in one process would share. */
export function moduleStateFaults(files: readonly SourceFile[]): Fault[] {
  const faults: Fault[] = []
  for (const file of files) {
    if (isTest(file.path) || !/^(packages|apps)\//.test(file.path)) continue
    visit(file, {
      Program: ({ body }) => {
        const declarations = body.map((node) =>
          node.type === 'ExportNamedDeclaration' ? node.declaration : node,
        )
        for (const node of declarations) {
          if (node?.type !== 'VariableDeclaration' || node.kind === 'const') continue
          faults.push({ path: file.path, message: `${node.kind} at the top of a module` })
        }
      },
    })
  }
  return faults
}
