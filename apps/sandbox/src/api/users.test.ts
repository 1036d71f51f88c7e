import { expect, test } from 'vitest'
import { startStage } from '../stage.test.support.ts'
import { clientOf } from './client.test.support.ts'

const key = `ssh-ed25519 ${Buffer.from('\0\0\0\vssh-ed25519\0\0\0 0123456789').toString('base64')} ada@laptop`

async function start(...scopes: string[]) {
  const stage = await startStage()
  return { stage, client: await clientOf(stage, { scopes }) }
}

test('the caller sees an address of their own, others do not', async () => {
  const { client } = await start('read_user')
  expect((await client.get('/user')).body).toMatchObject({
    username: 'ada',
    email: 'ada@example.test',
  })
  const { body } = await client.get('/users/102')
  expect(body).toMatchObject({ username: 'grace', state: 'active' })
  expect(body).not.toHaveProperty('email')
  expect((await client.list('/user/emails')).map(({ email }) => email)).toEqual([
    'ada@example.test',
  ])
})

test('people are found by username and by words', async () => {
  const { stage, client } = await start('read_user')
  await stage.control.block('lin')
  const names = async (query: string) =>
    (await client.list(`/users?${query}`)).map(({ username }) => username)
  expect(await names('username=Grace')).toEqual(['grace'])
  expect(await names('search=cast')).toEqual(['lin'])
  expect(await names('active=true')).toEqual(['grace', 'ada'])
  expect(await names('username=nobody')).toEqual([])
})

test('an unknown one is 404 with the noun, a word for a number is 400', async () => {
  const { client } = await start('read_user')
  expect(await client.get('/users/999')).toMatchObject({
    status: 404,
    body: { message: '404 User Not Found' },
  })
  expect(await client.get('/users/ada')).toMatchObject({
    status: 400,
    body: { error: 'id is invalid' },
  })
})

test('read_user does not open the projects of a user', async () => {
  const { client } = await start('read_user')
  expect(await client.get('/users/101/projects')).toMatchObject({
    status: 403,
    body: { scope: 'api read_api' },
  })
})

test('a key is added once, with scope api', async () => {
  const { stage, client } = await start('api')
  const made = await client.post('/user/keys', { title: 'Laptop', key })
  expect(made).toMatchObject({ status: 201, body: { title: 'Laptop', key } })
  expect(await client.list('/user/keys')).toMatchObject([{ id: made.body.id }])
  expect(await client.post('/user/keys', { title: 'Again', key })).toMatchObject({
    status: 400,
    body: { message: { key: ['has already been taken'] } },
  })
  expect(await client.post('/user/keys', { title: 'Bad', key: 'ssh-rsa AAAA' })).toMatchObject({
    status: 400,
    body: { message: { key: [expect.stringMatching(/^type is forbidden/)] } },
  })
  expect(await client.post('/user/keys', {})).toMatchObject({
    status: 400,
    body: { error: 'title is missing, key is missing' },
  })
  const reader = await clientOf(stage, { scopes: ['read_user'] })
  expect(await reader.post('/user/keys', { title: 'x', key })).toMatchObject({ status: 403 })
})
