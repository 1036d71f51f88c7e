/** `npm run pack:check`, after `npm run build`: every package as its consumer would get it. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { consumerFaults } from './consumer.ts'
import { pack, packFaults } from './pack.ts'
import { root } from './run.ts'

const target = await mkdtemp(join(tmpdir(), 'keywell-pack-'))
try {
  const tarballs = []
  for (const name of await readdir(join(root, 'packages'))) {
    const packed = await pack(join(root, 'packages', name), target)
    report(`@keywell/${name}, ${packed.files.length} files`, await packFaults(packed))
    tarballs.push(packed.tarball)
  }
  report('imported by plain Node', await consumerFaults(tarballs, target))
} finally {
  await rm(target, { recursive: true, force: true })
}

function report(what: string, faults: readonly string[]): void {
  process.stdout.write(`${faults.length === 0 ? 'ok  ' : 'FAIL'}  ${what}\n`)
  for (const fault of faults) process.stdout.write(`      ${fault}\n`)
  if (faults.length > 0) process.exitCode = 1
}
