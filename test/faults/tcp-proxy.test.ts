import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** Behind the proxy: sends back what comes, and remembers it. */
async function stage(): Promise<{ proxy: TcpProxy; received(): string; dial(): Promise<Client> }> {
  let received = ''
  const echo = createServer({ allowHalfOpen: false }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (piece) => {
      received += piece.toString()
      socket.write(piece)
    })
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  // A listening TCP server has an address of this form.
  const proxy = await startTcpProxy((echo.address() as AddressInfo).port)
  onTestFinished(async () => {
    await proxy.close()
    echo.close()
  })
  return { proxy, received: () => received, dial: () => dial(proxy.port) }
}

interface Client {
  socket: Socket
  got(): string
  /** How it ended: `end`, or the code of an error. */
  ended: Promise<string>
}

async function dial(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let got = ''
  let how = 'end'
  socket.on('data', (piece) => {
    got += piece.toString()
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    how = error.code ?? error.message
  })
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(how)))
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), ended])
  return { socket, got: () => got, ended }
}

test('passes bytes both ways, and the end too', async () => {
  const { proxy, dial } = await stage()
  const { socket, got, ended } = await dial()
  socket.write('hello')
  await expect.poll(got).toBe('hello')
  expect(proxy.open()).toBe(1)
  socket.end()
  expect(await ended).toBe('end')
  await expect.poll(() => proxy.open()).toBe(0)
})

test('delays each piece, and keeps their order', async () => {
  const { proxy, dial } = await stage()
  const { socket, got } = await dial()
  proxy.set({ kind: 'delay', ms: 60 })
  const startedAt = performance.now()
  socket.write('one,')
  socket.write('two')
  await expect.poll(got, { interval: 5 }).toBe('one,two')
  // There and back.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(115)
})

test('drops after so many bytes on the way up: the far side saw no more than those', async () => {
  const { proxy, received, dial } = await stage()
  const { socket, ended } = await dial()
  proxy.set({ kind: 'drop', direction: 'up', afterBytes: 6 })
  socket.write('abcd')
  await expect.poll(received).toBe('abcd')
  socket.write('efgh')
  await ended
  expect(received()).toBe('abcdef')
})

test('drops on the way down: the far side did the work, and the answer is cut', async () => {
  const { proxy, received, dial } = await stage()
  const { socket, got, ended } = await dial()
  proxy.set({ kind: 'drop', direction: 'down', afterBytes: 3 })
  socket.write('abcdef')
  await ended
  expect([received(), got()]).toEqual(['abcdef', 'abc'])
})

test('swallows silently: no byte arrives, and no side sees an error', async () => {
  const { proxy, received, dial } = await stage()
  const { socket, got } = await dial()
  proxy.set({ kind: 'swallow' })
  socket.write('lost')
  await expect.poll(() => proxy.swallowed()).toBe(4)
  expect(socket.destroyed).toBe(false)
  proxy.set({ kind: 'pass' })
  socket.write('found')
  await expect.poll(got).toBe('found')
  expect(received()).toBe('found')
})

test('refuses new connections and keeps the open ones', async () => {
  const { proxy, dial } = await stage()
  const open = await dial()
  proxy.set({ kind: 'refuse' })
  const late = await dial()
  expect(await late.ended).toBe('ECONNRESET')
  open.socket.write('still here')
  await expect.poll(open.got).toBe('still here')
})

test('cuts what is open: by a reset, or with a goodbye', async () => {
  const { proxy, dial } = await stage()
  const [one, two] = [await dial(), await dial()]
  await expect.poll(() => proxy.open()).toBe(2)
  expect(proxy.cut()).toBe(2)
  expect(await Promise.all([one.ended, two.ended])).toEqual(['ECONNRESET', 'ECONNRESET'])
  const three = await dial()
  await expect.poll(() => proxy.open()).toBe(1)
  expect(proxy.cut('end')).toBe(1)
  expect(await three.ended).toBe('end')
})

test('a target that is not there resets the caller', async () => {
  const nowhere = await startTcpProxy(1)
  onTestFinished(() => nowhere.close())
  expect(await (await dial(nowhere.port)).ended).toBe('ECONNRESET')
})
