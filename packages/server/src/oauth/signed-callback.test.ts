import { Secret } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { forgeryIn } from './signed-callback.ts'

const rules = {
  signature: { parameter: 'hmac', algorithm: 'sha256', encoding: 'hex' },
  mustEqual: { shop: '{shop}.myshopify.com' },
} as const
const of = { clientSecret: new Secret('hush-~%+:secret'), variables: { shop: 'north' } }

// The MAC is what `generateLocalHmac` of @shopify/shopify-api 15.0.0 makes of these parameters.
test('is signed as the client of Shopify signs it, whatever characters it has', () => {
  const callback = new URLSearchParams({
    timestamp: '1337178173',
    hmac: '090f4687d4237fb49b646416678b7f5479f236d38851e69d26d91bf4d38f9847',
    code: '0907a61c0c8d55e99db179b68161bc00',
    state: 'a b+c*~\u00fc',
    shop: 'north.myshopify.com',
    host: 'YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvbm9ydGg=',
  })
  expect(forgeryIn(callback, rules, of)).toBeUndefined()
  expect(forgeryIn(callback, rules, { ...of, variables: { shop: 'south' } })).toMatch(
    /another shop/,
  )
  const another = { ...of, clientSecret: new Secret('another') }
  expect(forgeryIn(callback, rules, another)).toMatch(/signature/)
})
