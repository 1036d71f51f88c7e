/** What the types keep from happening. Checked by `tsc -p test`; nothing here runs. */
import { expectTypeOf } from 'vitest'
import {
  type Connection,
  type ConnectionList,
  type Credential,
  type ErrorCode,
  Keywell,
  type KeywellError,
  type KeywellUser,
  type List,
  type SignedIn,
} from './index.ts'

const keywell = new Keywell()
const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }

expectTypeOf(keywell.getCredential(query)).resolves.toEqualTypeOf<Credential>()
expectTypeOf(keywell.getCredentialSync(query)).toEqualTypeOf<Credential | undefined>()
expectTypeOf(keywell.fetch(query, '/api')).resolves.toEqualTypeOf<Response>()

// A query without its user would mix users up.
// @ts-expect-error userId is missing
void keywell.getCredential({ provider: 'gitlab', tenantId: 'org_acme' })
// @ts-expect-error a misspelt part would be ignored
void keywell.getCredential({ ...query, conectionName: 'work' })
// @ts-expect-error the handler needs the user who is signed in
void keywell.connectHandler(new Request('https://app.example'), { tenantId: 'org_acme' })
const maybe: { tenantId: string; userId: string | undefined } = query
// @ts-expect-error a user who may be undefined is not signed in
const notSignedIn: SignedIn = maybe
void notSignedIn

const credential = await keywell.getCredential(query)
// @ts-expect-error frozen
credential.generation = 2
// @ts-expect-error frozen
credential.scopes.push('sudo')
// @ts-expect-error a look-alike without the redaction is no Credential
const fake: Credential = { ...credential }
void fake

const result = await keywell.getCredential.safe(query)
// @ts-expect-error whether it went well has to be asked first
void result.credential
if (result.ok) expectTypeOf(result.credential).toEqualTypeOf<Credential>()
else expectTypeOf(result.error).toEqualTypeOf<KeywellError>()

expectTypeOf<'needs_reauth'>().toExtend<ErrorCode>()
// @ts-expect-error codes are a closed union
const code: ErrorCode = 'needs_reauthentication'
void code

// Names of the catalogue are offered, and any other is taken.
expectTypeOf<'gitlab'>().toExtend<Parameters<KeywellUser['getCredentialSync']>[0]>()
void keywell.getCredential({ ...query, provider: 'ours', scopes: ['read_api', 'ours:read'] })

const user = keywell.forUser({ tenantId: 'org_acme', userId: 'user_123' })
expectTypeOf(user.getCredential('gitlab')).resolves.toEqualTypeOf<Credential>()
expectTypeOf(
  user.getCredential({ provider: 'gitlab', connectionName: 'work' }),
).resolves.toEqualTypeOf<Credential>()
expectTypeOf(user.fetch('gitlab', '/api')).resolves.toEqualTypeOf<Response>()
// @ts-expect-error the user is named once
void user.getCredential({ provider: 'gitlab', userId: 'another' })
// @ts-expect-error both ids name a user
keywell.forUser({ tenantId: 'org_acme' })

const list = keywell.connections.list({ tenantId: 'org_acme' })
expectTypeOf(list).toEqualTypeOf<List<Connection, ConnectionList>>()
for await (const connection of list) expectTypeOf(connection).toEqualTypeOf<Connection>()
for await (const page of list.pages()) expectTypeOf(page).toEqualTypeOf<ConnectionList>()
expectTypeOf(await list).toEqualTypeOf<ConnectionList>()
