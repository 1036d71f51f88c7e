import { changeToken } from '@keywell/protocol'
import * as jose from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { silentLogger } from '../logger.ts'
import { localKeys } from '../vault/local-keys.ts'
import { keysFrom, keyTable, rootKey } from '../vault/parts.test.support.ts'
import { createVault } from '../vault/vault.ts'
import { type ChangeSigner, createChangeSigner } from './signer.ts'

const beat = { event: 'heartbeat', after: '1.0.0', position: '1.0.0', at: 1 } as const

describeEachDatabase('the signer of changes', (makeDatabase) => {
  let database: TestDatabase
  const keys = keyTable()

  beforeAll(async () => {
    database = await makeDatabase()
  })

  /** One replica, or the same one after a restart: they share the database and the root key. */
  async function start(issuer = 'https://connect.example'): Promise<ChangeSigner> {
    const vault = createVault({ keys: localKeys(keysFrom([rootKey])), store: keys })
    await vault.start()
    const signer = createChangeSigner({ database, vault, logger: silentLogger, issuer })
    await signer.start()
    return signer
  }

  const verify = async (signer: ChangeSigner, token: string) =>
    jose.jwtVerify(token, jose.createLocalJWKSet(signer.keys), {
      algorithms: ['EdDSA'],
      issuer: signer.keys.issuer,
      audience: changeToken.audience,
      typ: changeToken.type,
    })

  test('all replicas sign with one key, and check each other', async () => {
    const [one, other] = await Promise.all([start(), start()])
    expect(one.keys).toEqual(other.keys)
    expect(await verify(other, await one.sign(beat))).toMatchObject({ payload: beat })
  })

  test('what it shows of its keys is public', async () => {
    const { keys } = await start()
    expect(keys.keys).toEqual([
      {
        kty: 'OKP',
        crv: 'Ed25519',
        x: expect.any(String),
        alg: 'EdDSA',
        use: 'sig',
        kid: expect.stringMatching(/^[\w-]{43}$/),
      },
    ])
    const [row] = await database.query<{ sealed: Uint8Array }>(
      "select sealed from install_keys where name = 'changes'",
    )
    expect(Buffer.from(row?.sealed ?? []).toString('latin1')).not.toContain('"d"')
  })

  test('a copy of the database at another address is another installation', async () => {
    const [one, copy] = [await start(), await start('https://staging.example')]
    await expect(verify(copy, await one.sign(beat))).rejects.toThrow('"iss"')
  })

  test('a token says nothing that was not said', async () => {
    const signer = await start()
    const [header = '', , signature = ''] = (await signer.sign(beat)).split('.')
    const forged = Buffer.from(JSON.stringify({ ...beat, at: 2 })).toString('base64url')
    await expect(verify(signer, `${header}.${forged}.${signature}`)).rejects.toThrow('signature')
  })
})
