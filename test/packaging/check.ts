/** `npm run pack:check`, after `npm run build`: every package as its consumer would get it. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { consumerFaults } from './consumer.ts'
import { contentFaults, pack, packFaults } from './pack.ts'
import { root } from './run.ts'
import { serviceFaults } from './service.ts'

const target = await mkdtemp(join(tmpdir(), 'keywell-pack-'))
try {
  const tarballs = []
  for (const name of await readdir(join(root, 'packages'))) {
    const packed = await pack(join(root, 'packages', name), target)
    const entry = name === 'cli' ? 'main' : 'index'
    report(`@keywell/${name}, ${packed.files.length} files`, await packFaults(packed, entry))
    tarballs.push(packed.tarball)
  }
  report('imported by plain Node', await consumerFaults(tarballs, target))
  const service = await pack(join(root, 'apps/service'), target)
  report(`@keywell/service, ${service.files.length} files`, contentFaults(service.files, 'main'))
  report('npx @keywell/service and keywell', await serviceFaults([...tarballs, service.tarball]))
} finally {
  await rm(target, { recursive: true, force: true })
}

function report(what: string, faults: readonly string[]): void {
  process.stdout.write(`${faults.length === 0 ? 'ok  ' : 'FAIL'}  ${what}\n`)
  for (const fault of faults) process.stdout.write(`      ${fault}\n`)
  if (faults.length > 0) process.exitCode = 1
}
