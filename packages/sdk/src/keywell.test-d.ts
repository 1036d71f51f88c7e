/** What the types keep from happening. Checked by `tsc -p test`; nothing here runs. */
import { expectTypeOf } from 'vitest'
import {
  type Credential,
  type ErrorCode,
  Keywell,
  type KeywellError,
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
const nobody: SignedIn = maybe
void nobody

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
