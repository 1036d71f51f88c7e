import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { createOutbound } from './outbound.ts'

it('calls an origin that the operator listed', async () => {
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (c) => {
      body += c
    })
    req.on('end', () => {
      res.setHeader('x-a', 'ü')
      res.setHeader('set-cookie', ['a=1', 'b=2'])
      res.end(JSON.stringify({ m: req.method, u: req.url, h: req.rawHeaders, body }))
    })
  })
  await new Promise<void>((r) => server.listen(0, '127.0.0.1', r))
  const port = (server.address() as AddressInfo).port
  const outbound = createOutbound({ allow: [{ origin: `http://127.0.0.1:${port}` }] })
  const response = await outbound.fetch(`http://127.0.0.1:${port}/a?b=1`, {
    method: 'POST',
    body: new URLSearchParams({ x: 'y' }),
  })
  expect(response).toBeInstanceOf(Response)
  await outbound.fetch(`http://127.0.0.1:${port}/a?b=1`)
  await outbound.close()
  server.close()
})
