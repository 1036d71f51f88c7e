import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type ApiStage, type Caller, startApi } from './caller.test.support.ts'
import { departures } from './client.test.support.ts'

const list = '/projects/501/pipelines'
const at = '/projects/{id}/pipelines'

async function start(): Promise<{ stage: ApiStage; ada: Caller; grace: Caller }> {
  const stage = await startApi()
  return { stage, ada: await stage.as('ada'), grace: await stage.as('grace') }
}

describe('a pipeline', () => {
  test('has the fields of GitLab’s document, and of what people ask for', async () => {
    const { ada } = await start()
    const listed = await ada('GET', list)
    expect(departures(`GET ${at}`, listed.body)).toEqual([])
    expect(listed.body).toMatchObject([
      { iid: 2, status: 'success', ref: 'feature/quiet' },
      { iid: 1, status: 'failed', ref: 'main' },
    ])
    const { body } = await ada('GET', `${list}/${listed.body[0].id}`)
    expect(departures(`GET ${at}/{pipeline_id}`, body)).toEqual([])
    expect(body).toMatchObject({
      duration: 480,
      queued_duration: 60,
      coverage: null,
      user: { username: 'ada' },
      started_at: '2026-02-19T10:01:00.000Z',
      finished_at: '2026-02-19T10:09:00.000Z',
    })
    expect((await ada('GET', `${list}/2`)).body).toEqual({ message: '404 Not found' })
  })

  test.each([
    ['status=failed', 1],
    ['ref=feature%2Fquiet', 1],
    ['scope=finished', 2],
    ['scope=tags', 0],
    ['username=grace', 0],
    ['updated_after=2026-02-10T00:00:00Z', 1],
  ])('is found by %s', async (query, count) => {
    const { ada } = await start()
    expect((await ada('GET', `${list}?${query}`)).body).toHaveLength(count)
  })

  test('is started on a branch with variables, and its jobs run', async () => {
    const { stage, grace } = await start()
    const variables = [{ key: 'LEVEL', value: '3' }]
    const made = await grace('POST', '/projects/501/pipeline', { ref: 'main', variables })
    expect(departures('POST /projects/{id}/pipeline', made.body)).toEqual([])
    expect(made).toMatchObject({ status: 201, body: { iid: 3, status: 'pending', source: 'api' } })
    const path = `${list}/${made.body.id}`
    expect((await grace('GET', `${path}/variables`)).body).toMatchObject(variables)
    const jobs = await grace('GET', `${path}/jobs`)
    expect(departures(`GET ${at}/{pipeline_id}/jobs`, jobs.body)).toEqual([])
    expect(jobs.headers.has('x-total')).toBe(false)
    const [deploy, tests, compile] = jobs.body
    await stage.control.reportJob(compile.id, { status: 'success' })
    expect((await grace('GET', path)).body.status).toBe('running')
    await stage.control.reportJob(tests.id, { status: 'failed' })
    expect((await grace('GET', path)).body.status).toBe('failed')
    expect(deploy.status).toBe('manual')

    const retried = await grace('POST', `${path}/retry`)
    expect(retried).toMatchObject({ status: 201, body: { status: 'running' } })
    const failed = await grace('GET', `${path}/jobs?scope[]=failed&include_retried=true`)
    expect(failed.body).toHaveLength(1)
    expect((await grace('POST', `${path}/cancel`)).body.status).toBe('canceled')
  })

  test('needs a ref that exists, and a person who has shown who they are', async () => {
    const { stage, ada } = await start()
    const say = (ref: string) => ada('POST', '/projects/501/pipeline', { ref })
    expect(await say('nowhere')).toMatchObject({
      status: 400,
      body: { message: { base: ['Reference not found'] } },
    })
    await stage.control.verifyIdentity('ada', false)
    expect(await say('main')).toMatchObject({
      status: 400,
      body: { message: { base: [expect.stringMatching(/^Identity verification is required/)] } },
    })
    const [pipeline] = (await ada('GET', `${list}?status=failed`)).body
    const retry = await ada('POST', `${list}/${pipeline.id}/retry`)
    expect([retry.status, retry.body.message]).toEqual([
      403,
      expect.stringContaining('Identity verification is required'),
    ])
    await stage.control.verifyIdentity('ada', true)
    expect((await say('v1.0.0')).body.tag).toBe(true)
  })

  test('is deleted by owners, with its jobs', async () => {
    const { ada, grace } = await start()
    const [{ id }] = (await ada('GET', list)).body
    const [job] = (await ada('GET', `${list}/${id}/jobs`)).body
    expect((await grace('DELETE', `${list}/${id}`)).status).toBe(403)
    expect((await ada('DELETE', `${list}/${id}`)).status).toBe(204)
    expect((await ada('GET', `/projects/501/jobs/${job.id}`)).status).toBe(404)
  })
})

describe('a job', () => {
  async function firstJob(ada: Caller, query = '?scope[]=failed'): Promise<number> {
    return (await ada('GET', `/projects/501/jobs${query}`)).body[0].id
  }

  test('has the fields of GitLab’s document', async () => {
    const { ada } = await start()
    const listed = await ada('GET', '/projects/501/jobs?per_page=2')
    expect(departures('GET /projects/{id}/jobs', listed.body)).toEqual([])
    expect([listed.headers.get('x-next-page'), listed.headers.has('x-total')]).toEqual(['2', false])
    const { body } = await ada('GET', `/projects/501/jobs/${await firstJob(ada)}`)
    expect(departures('GET /projects/{id}/jobs/{job_id}', body)).toEqual([])
    expect(body).toMatchObject({
      name: 'unit tests',
      stage: 'test',
      duration: 360,
      failure_reason: 'script_failure',
      commit: { title: 'Say how to start it' },
      pipeline: { ref: 'main' },
      runner: { id: 12 },
    })
  })

  test('has a log with colours and marks, of any size', async () => {
    const { stage, ada } = await start()
    const id = await firstJob(ada)
    const log = await ada('GET', `/projects/501/jobs/${id}/trace`)
    expect(log.headers.get('content-type')).toBe('text/plain')
    expect(log.body).toMatch(/section_start:\d+:step_script\r/)
    expect(log.body).toContain('\u001b[31;1mERROR: Job failed')
    await stage.control.reportJob(id, { logPaddingBytes: 50 * 1_048_576, log: 'the end\n' })
    const long = await ada('GET', `/projects/501/jobs/${id}/trace`)
    expect(Buffer.byteLength(long.body)).toBe(50 * 1_048_576 + 8)
    expect(long.body.endsWith('the end\n')).toBe(true)
  })

  test('keeps artifacts in a storage of another origin, which refuses the token', async () => {
    const { stage, ada } = await start()
    const id = await firstJob(ada, '?scope[]=success&per_page=1&page=2')
    const { status, headers } = await ada('GET', `/projects/501/jobs/${id}/artifacts`)
    const location = headers.get('location') ?? ''
    expect([status, new URL(location).origin === stage.url]).toEqual([302, false])
    const archive = Buffer.from(await (await fetch(location)).arrayBuffer())
    expect(archive.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004')
    const content = archive.subarray(40, 40 + 2_048)
    expect(archive.readUInt32LE(14)).toBe(crc32(content))
    const refused = await fetch(location, { headers: { authorization: 'Bearer x' } })
    expect(refused.status).toBe(400)
    const forged = new URL(location)
    forged.searchParams.set('X-Amz-Signature', 'forged')
    expect((await fetch(forged)).status).toBe(403)
    stage.pass(601)
    expect((await fetch(location)).status).toBe(403)

    await stage.control.change({ artifactDelivery: 'inline' })
    const direct = await ada('GET', `/projects/501/jobs/${id}/artifacts`)
    expect([direct.status, direct.headers.get('content-type')]).toEqual([200, 'application/zip'])
    await stage.control.reportJob(id, { artifactBytes: null })
    expect((await ada('GET', `/projects/501/jobs/${id}/artifacts`)).status).toBe(404)
  })

  test('is run again, once, and cancelled', async () => {
    const { ada } = await start()
    const id = await firstJob(ada)
    const path = `/projects/501/jobs/${id}`
    const again = await ada('POST', `${path}/retry`)
    expect(departures('POST /projects/{id}/jobs/{job_id}/retry', again.body)).toEqual([])
    expect(again).toMatchObject({ status: 201, body: { name: 'unit tests', status: 'pending' } })
    expect(again.body.id).not.toBe(id)
    expect(await ada('POST', `${path}/retry`)).toMatchObject({
      status: 403,
      body: { message: '403 Forbidden - Job is not retryable' },
    })
    const cancelled = await ada('POST', `/projects/501/jobs/${again.body.id}/cancel`)
    expect(departures('POST /projects/{id}/jobs/{job_id}/cancel', cancelled.body)).toEqual([])
    expect(cancelled.body.status).toBe('canceled')
    expect((await ada('POST', `${path}/play`)).body.message).toContain('Unplayable Job')
  })
})
