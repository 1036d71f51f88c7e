import { access } from 'node:fs/promises'
import { connect } from 'node:net'
import { expect, test, vi } from 'vitest'
import { runModule } from './child.ts'
import { openOwner } from './inspected.ts'
import { startPostgres } from './postgres.ts'

const timeouts = { timeout: 20_000, interval: 100 }

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

test('a server keeps its data through a crash, and is gone after a stop', async () => {
  const server = await startPostgres({ durable: true })
  const database = await openOwner(server.url)
  await database.query('create table kept (value int)')
  await database.query('insert into kept values (1)')
  await server.crash()
  await server.start()
  expect(await database.query('select value from kept')).toEqual([{ value: 1 }])
  await database.close()
  await server.stop()
  expect(await answers(Number(new URL(server.url).port))).toBe(false)
})

test('no server outlives the process that started it, even one that was killed', async () => {
  const child = runModule(`
    import { startPostgres } from '${new URL('./postgres.ts', import.meta.url).href}'
    const server = await startPostgres()
    console.log(new URL(server.url).port)
    console.log(server.folder)
    setInterval(() => {}, 1000)
  `)
  const port = Number(await child.nextLine())
  const folder = String(await child.nextLine())
  expect(await answers(port)).toBe(true)
  await access(folder)
  child.process.kill('SIGKILL')
  await child.ended
  await vi.waitFor(async () => expect(await answers(port)).toBe(false), timeouts)
  await vi.waitFor(() => expect(access(folder)).rejects.toThrow('ENOENT'), timeouts)
})
