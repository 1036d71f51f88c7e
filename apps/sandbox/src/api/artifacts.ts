import { createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Hono } from 'hono'
import type { Env, Instance } from '../instance.ts'
import type { Job } from '../store/ci.ts'

const signatureSeconds = 600

/** The archive itself, or the way to the object storage, by the settings. */
export function artifactAnswer(instance: Instance, job: Job): Response {
  if (instance.settings.artifactDelivery === 'inline') return archiveOf(job)
  const expires = Math.floor(instance.now() / 1_000) + signatureSeconds
  const url = new URL(`/artifacts/${job.id}/artifacts.zip`, instance.storage.url())
  url.searchParams.set('X-Amz-Expires', String(expires))
  url.searchParams.set('X-Amz-Signature', sign(instance, job.id, expires))
  return new Response(null, { status: 302, headers: { location: url.href } })
}

/**
 * The object storage that GitLab sends a client to: another origin, which knows its signed addresses only, and
 * refuses a request that shows a second credential, as S3 does.
 */
export function objectStorage(instance: Instance): Hono<Env> {
  return new Hono<Env>().get('/artifacts/:job/artifacts.zip', (c) => {
    const headers = ['authorization', 'private-token'].filter((name) => c.req.header(name))
    if (headers.length > 0)
      return problem(400, 'InvalidArgument', 'Only one auth mechanism allowed')
    const id = Number(c.req.param('job'))
    const expires = Number(c.req.query('X-Amz-Expires'))
    const job = instance.store.tables.jobs.get(id)
    const isSigned = c.req.query('X-Amz-Signature') === sign(instance, id, expires)
    if (!isSigned || expires < instance.now() / 1_000 || job === undefined) {
      return problem(403, 'AccessDenied', 'Request has expired')
    }
    return archiveOf(job)
  })
}

function sign({ storage }: Instance, jobId: number, expires: number): string {
  return createHmac('sha256', storage.key).update(`${jobId}.${expires}`).digest('hex')
}

function problem(status: number, code: string, message: string): Response {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
  return new Response(body, { status, headers: { 'content-type': 'application/xml' } })
}

function archiveOf({ artifactBytes }: Job): Response {
  return new Response(zipOf('report.txt', new Uint8Array(artifactBytes ?? 0).fill(0x2e)), {
    headers: {
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="artifacts.zip"',
    },
  })
}

/** A ZIP archive with one file that is stored as it is (APPNOTE 4.3). */
function zipOf(name: string, content: Uint8Array): Buffer<ArrayBuffer> {
  const file = Buffer.from(name)
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt32LE(crc32(content), 10)
  common.writeUInt32LE(content.length, 14)
  common.writeUInt32LE(content.length, 18)
  common.writeUInt16LE(file.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, file, content])
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02'),
    Buffer.from([20, 0]),
    common,
    Buffer.alloc(14),
    file,
  ])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, central, end])
}
