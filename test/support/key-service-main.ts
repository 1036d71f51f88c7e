/**
 * A key service in a process of its own: it encrypts and decrypts under keys that never leave it, and can
 * be made slow or unwilling. Controlled by IPC; it ends when its parent ends.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import type { KeyServiceRequest, KeyServiceTrouble } from './key-service.ts'

const keys = new Map<string, Buffer>()
let trouble: KeyServiceTrouble = 'none'

function keyNamed(name: string): Buffer {
  const key = keys.get(name) ?? randomBytes(32)
  keys.set(name, key)
  return key
}

/** The context is authenticated along with the bytes, whatever the order of its names. */
function aadOf({ keyName, context }: KeyServiceRequest): Buffer {
  return Buffer.from(JSON.stringify([keyName, Object.entries(context).sort()]))
}

function encrypt(request: KeyServiceRequest): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyNamed(request.keyName), nonce)
  cipher.setAAD(aadOf(request))
  const sealed = [cipher.update(Buffer.from(request.bytes, 'base64')), cipher.final()]
  return Buffer.concat([nonce, ...sealed, cipher.getAuthTag()])
}

function decrypt(request: KeyServiceRequest): Buffer {
  const bytes = Buffer.from(request.bytes, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', keyNamed(request.keyName), bytes.subarray(0, 12))
  decipher.setAAD(aadOf(request)).setAuthTag(bytes.subarray(-16))
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
}

const refusals = { refusing: 403, throttled: 429, deleted: 404 } as const

const server = createServer(async (incoming, outgoing) => {
  // Our own parent sent it.
  const request = JSON.parse(await text(incoming)) as KeyServiceRequest
  if (trouble === 'silent') return // and the connection stays open
  if (trouble !== 'none' && trouble !== 'wrong') {
    outgoing.writeHead(refusals[trouble]).end(trouble)
    return
  }
  try {
    const answer = request.action === 'encrypt' ? encrypt(request) : decrypt(request)
    outgoing.end((trouble === 'wrong' ? randomBytes(32) : answer).toString('base64'))
  } catch {
    outgoing.writeHead(400).end('it does not open under this key and context')
  }
})
process.on('message', (next: KeyServiceTrouble) => {
  trouble = next
  process.send?.({ trouble })
})
process.on('disconnect', () => process.exit(0))
server.listen(0, '127.0.0.1', () => process.send?.({ address: server.address() }))
