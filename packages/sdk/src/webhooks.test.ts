import { createHmac, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { createWebhookVerifier, Keywell, type WebhookEvent } from './index.ts'
import { newId } from './testing/ids.ts'

const secret = newSecret()
const payload = {
  type: 'connection.needs_reauth',
  timestamp: '2026-11-21T10:00:00.000Z',
  data: {
    connectionId: newId('connection'),
    tenantId: 'org_acme',
    userId: 'user_123',
    provider: 'gitlab',
    host: 'https://gitlab.com',
    name: 'default',
    generation: 3,
    status: 'revoked',
    reason: 'revoked',
    health: { status: 'degraded', reason: 'revoked' },
    account: { id: '42', name: 'Zoë', username: 'zoe', avatarUrl: null },
  },
}

function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

/** A message as the service sends it, written out from the specification. */
function message(
  options: {
    body?: string | Uint8Array
    id?: string
    sentAt?: number | string
    secrets?: readonly string[]
  } = {},
) {
  const { body = JSON.stringify(payload), id = newId('message'), secrets = [secret] } = options
  const sentAt = String(options.sentAt ?? Math.floor(Date.now() / 1000))
  const signatures = secrets.map((each) => {
    const key = Buffer.from(each.replace('whsec_', ''), 'base64')
    const hmac = createHmac('sha256', key).update(`${id}.${sentAt}.`).update(body)
    return `v1,${hmac.digest('base64')}`
  })
  const headers: Record<string, string> = {
    'webhook-id': id,
    'webhook-timestamp': sentAt,
    'webhook-signature': signatures.join(' '),
  }
  return { body, headers }
}

const refusal = (code: string) => ({ name: 'KeywellError', code })

describe('verify', () => {
  test('answers the event, typed, whatever has the headers and the body', async () => {
    const { verify } = createWebhookVerifier({ secret })
    const one = message()
    const event: WebhookEvent = await verify(one)
    expect(event).toEqual({ ...payload, id: one.headers['webhook-id'] })
    const asHeaders = message()
    expect(await verify({ ...asHeaders, headers: new Headers(asHeaders.headers) })).toMatchObject({
      type: 'connection.needs_reauth',
    })
    const asNode = message()
    const upper = Object.entries(asNode.headers).map(([key, value]) => [key.toUpperCase(), [value]])
    expect(await verify({ ...asNode, headers: Object.fromEntries(upper) })).toMatchObject(payload)
    const { body, headers } = message()
    const bytes = Buffer.from(body)
    expect(await verify({ body: bytes, headers })).toMatchObject(payload)
    const copy = message()
    const { buffer } = new Uint8Array(Buffer.from(copy.body))
    expect(await verify({ ...copy, body: buffer })).toMatchObject(payload)
  })

  test('a changed message has no effect, whatever was changed', async () => {
    const { verify } = createWebhookVerifier({ secret })
    const good = message()
    const text = String(good.body)
    const now = Math.floor(Date.now() / 1000)
    const set = (name: string, value: string) => ({ headers: { ...good.headers, [name]: value } })
    const signature = good.headers['webhook-signature'] ?? ''
    const changed = {
      'another word in the body': { body: text.replace('needs_reauth', 'connected') },
      'a space more': { body: `${text} ` },
      'a byte order mark': { body: Buffer.from(`\ufeff${text}`) },
      'no body': { body: '' },
      'another id': set('webhook-id', newId('message')),
      'another time': set('webhook-timestamp', String(now - 1)),
      'a time with letters after it': set('webhook-timestamp', `${now}s`),
      'a time with a sign': set('webhook-timestamp', `+${now}`),
      'a time with a fraction': set('webhook-timestamp', `${now}.0`),
      'no signature': set('webhook-signature', ''),
      'a signature of another version': set('webhook-signature', signature.replace('v1,', 'v2,')),
      'a signature without its version': set('webhook-signature', signature.slice(3)),
      'half a signature': set('webhook-signature', signature.slice(0, 20)),
      'a thousand signatures': set('webhook-signature', `${'v1,AAAA '.repeat(1_000)}${signature}`),
      'another secret': { headers: message({ secrets: [newSecret()] }).headers },
    }
    for (const [what, change] of Object.entries(changed)) {
      await expect(verify({ ...good, ...change }), what).rejects.toMatchObject(
        refusal('webhook_invalid'),
      )
    }
    for (const name of Object.keys(good.headers)) {
      const { [name]: _, ...headers } = good.headers
      await expect(verify({ ...good, headers }), name).rejects.toMatchObject({
        ...refusal('webhook_invalid'),
        detail: `The header "${name}" is missing. The message has no effect.`,
      })
    }
    expect(await verify(good)).toMatchObject(payload)
  })

  test('bytes that are no text are refused, though they read like the signed ones', async () => {
    const { verify } = createWebhookVerifier({ secret })
    const text = JSON.stringify(payload).replace('Zoë', 'Zo\ufffd')
    const good = message({ body: text })
    const bytes = Buffer.from(text)
    const at = bytes.indexOf(Buffer.from('\ufffd'))
    const changed = Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from([0xff]),
      bytes.subarray(at + 3),
    ])
    expect(changed.toString()).toBe(text)
    await expect(verify({ ...good, body: changed })).rejects.toMatchObject(
      refusal('webhook_invalid'),
    )
  })

  test('an id cannot carry a part of the body or of the time', async () => {
    const { verify } = createWebhookVerifier({ secret })
    const now = Math.floor(Date.now() / 1000)
    // The same signed text, cut elsewhere.
    const id = newId('message')
    const body = JSON.stringify(payload)
    const good = message({ id, sentAt: now, body: `${now}.${body}` })
    const headers = { ...good.headers, 'webhook-id': `${id}.${now}` }
    await expect(verify({ body, headers })).rejects.toMatchObject(refusal('webhook_invalid'))
  })

  test('a stale message has no effect, and neither has one from the future', async () => {
    const { verify } = createWebhookVerifier({ secret })
    const now = Math.floor(Date.now() / 1000)
    for (const sentAt of [now - 310, now + 310, 1, now - 86_400]) {
      await expect(verify(message({ sentAt }))).rejects.toMatchObject(refusal('webhook_stale'))
    }
    for (const sentAt of [now - 290, now + 290]) {
      expect(await verify(message({ sentAt }))).toMatchObject(payload)
    }
  })

  test('a repeated message has no effect; one that was sent anew has', async () => {
    const { verify } = createWebhookVerifier({ secret })
    const now = Math.floor(Date.now() / 1000)
    const first = message({ sentAt: now - 10 })
    const { id } = await verify(first)
    for (const _ of [1, 2]) {
      await expect(verify(first)).rejects.toMatchObject(refusal('webhook_repeated'))
    }
    // The service tries again since the app could not handle the first: the same id, signed now.
    expect(await verify(message({ id, sentAt: now }))).toMatchObject({ id })
    await expect(verify(message({ id, sentAt: now }))).rejects.toMatchObject({
      code: 'webhook_repeated',
      nextStep: expect.stringContaining('Ignore it'),
    })
  })

  test('a message that was refused is not remembered', async () => {
    const { verify } = createWebhookVerifier({ secret })
    const good = message()
    await expect(verify({ ...good, body: `${good.body} ` })).rejects.toThrow()
    expect(await verify(good)).toMatchObject(payload)
  })

  test('the memory is bounded', async () => {
    const { verify } = createWebhookVerifier({ secret, maxSeen: 2 })
    const first = message()
    await verify(first)
    await expect(verify(first)).rejects.toMatchObject(refusal('webhook_repeated'))
    await verify(message())
    await verify(message())
    expect(await verify(first), 'the oldest was let go').toMatchObject(payload)
  })

  test('several secrets, while one is replaced', async () => {
    const next = newSecret()
    const { verify } = createWebhookVerifier({ secret: [next, secret] })
    expect(await verify(message({ secrets: [secret] }))).toMatchObject(payload)
    expect(await verify(message({ secrets: [next] }))).toMatchObject(payload)
    const old = createWebhookVerifier({ secret })
    expect(await old.verify(message({ secrets: [next, secret] }))).toMatchObject(payload)
    const done = createWebhookVerifier({ secret: next })
    await expect(done.verify(message({ secrets: [secret] }))).rejects.toMatchObject(
      refusal('webhook_invalid'),
    )
  })

  test('a body that was parsed is a mistake of the program, and says how to mend it', async () => {
    const { verify } = createWebhookVerifier({ secret })
    const { headers } = message()
    for (const body of [payload, [], null, undefined, 42]) {
      // @ts-expect-error the types say so too
      await expect(verify({ body, headers })).rejects.toThrow(/raw body.*express\.raw/)
      // @ts-expect-error as above
      await expect(verify({ body, headers })).rejects.toThrow(TypeError)
    }
  })

  test('a form that is not known names the remedy', async () => {
    const { verify } = createWebhookVerifier({ secret })
    for (const body of [
      'not json',
      '{}',
      JSON.stringify({ ...payload, type: 'connection.moved' }),
    ]) {
      await expect(verify(message({ body }))).rejects.toMatchObject({
        code: 'webhook_invalid',
        nextStep: 'Update @keywell/sdk to the version of the service.',
      })
    }
  })
})

describe('receive', () => {
  function request(parts = message()): Request {
    const { body, headers } = parts
    return new Request('https://app.example/webhooks/keywell', {
      method: 'POST',
      body: String(body),
      headers,
    })
  }

  test('hands the event out once, however often the message comes', async () => {
    const { receive } = createWebhookVerifier({ secret })
    const handle = vi.fn()
    const now = Math.floor(Date.now() / 1000)
    const id = newId('message')
    for (const sentAt of [now - 60, now - 60, now]) {
      expect((await receive(request(message({ id, sentAt })), handle)).status).toBe(204)
    }
    expect(handle).toHaveBeenCalledTimes(1)
    expect(handle).toHaveBeenCalledWith({ ...payload, id })
  })

  test('what could not be handled is handed out again', async () => {
    const { receive } = createWebhookVerifier({ secret })
    const parts = message()
    const failing = receive(request(parts), async () => {
      throw new Error('the database is away')
    })
    await expect(failing).rejects.toThrow('the database is away')
    const handle = vi.fn()
    expect((await receive(request(parts), handle)).status).toBe(204)
    expect(handle).toHaveBeenCalledTimes(1)
  })

  test('who comes again meanwhile shares the outcome', async () => {
    const { receive } = createWebhookVerifier({ secret })
    const parts = message()
    let fail = (_: Error): void => {}
    const handle = vi.fn(() => new Promise<void>((_, reject) => (fail = reject)))
    const both = [receive(request(parts), handle), receive(request(parts), handle)]
    await vi.waitFor(() => expect(handle).toHaveBeenCalledTimes(1))
    fail(new Error('no'))
    const outcomes = await Promise.allSettled(both)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  test('says no to what is not genuine, and does nothing', async () => {
    const { receive } = createWebhookVerifier({ secret })
    const handle = vi.fn()
    const refused = [
      [message({ secrets: [newSecret()] }), 400, 'webhook_invalid'],
      [message({ sentAt: 1 }), 400, 'webhook_stale'],
      [message({ body: ' '.repeat(300_000) }), 413, 'payload_too_large'],
    ] as const
    for (const [parts, status, code] of refused) {
      const answer = await receive(request(parts), handle)
      expect(answer.status).toBe(status)
      expect(await answer.json()).toMatchObject({ code })
    }
    expect(handle).not.toHaveBeenCalled()
  })
})

describe('secrets', () => {
  test('one that cannot be right is refused at once, and not shown', () => {
    const wrong = ['', 'whsec_', 'whsec_AAAA', secret.slice(6), `${secret}!`, 'kw_0123456789']
    for (const each of wrong) {
      let thrown: unknown
      try {
        createWebhookVerifier({ secret: each })
      } catch (error) {
        thrown = error
      }
      expect(thrown, each).toBeInstanceOf(TypeError)
      if (each.length > 6) expect(String(thrown)).not.toContain(each.slice(6))
    }
    expect(() => createWebhookVerifier({ secret: [] })).toThrow(TypeError)
  })

  test('come from the option, are asked for when they are missing, and are not printed', async () => {
    const options = { url: 'https://keywell.example', apiKey: 'kw_x' }
    const without = new Keywell(options)
    await expect(without.webhooks.verify(message())).rejects.toThrow('KEYWELL_WEBHOOK_SECRET')
    without.close()
    const keywell = new Keywell({ ...options, webhookSecret: secret })
    expect(await keywell.webhooks.verify(message())).toMatchObject(payload)
    const printed = inspect(keywell, { depth: 9, showHidden: true })
    const key = Buffer.from(secret.slice(6), 'base64')
    expect(printed).not.toContain(secret.slice(6))
    expect(printed).not.toContain([...key.subarray(0, 6)].join(', '))
    keywell.close()
  })
})
