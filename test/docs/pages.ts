import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Pages that a reader may meet, by path from the root of the repository, with forward slashes. */
export type Pages = ReadonlyMap<string, string>

/** Paths of all pages: the two at the top, those of `apps/docs`, and the README of each workspace. */
function pagePaths(root: string): string[] {
  const readmes = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}/README.md`),
  )
  const docs = readdirSync(join(root, 'apps/docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `apps/docs/${path.replaceAll('\\', '/')}`)
  const all = new Set(['README.md', 'SECURITY.md', ...readmes, 'test/README.md', ...docs])
  return [...all].filter((path) => existsSync(join(root, path)))
}

export function readPages(root: string): Pages {
  return new Map(pagePaths(root).map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/** What a link may lead to: files that are in the repository, or will be, and their folders. */
export function repositoryFiles(root: string): ReadonlySet<string> {
  const options = { cwd: root, encoding: 'utf8' } as const
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  const files = execFileSync('git', args, options)
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)))
    .filter((path) => statSync(join(root, path)).isFile())
  const folders = files.flatMap((path) =>
    path.split('/').map((_, depth, parts) => parts.slice(0, depth).join('/')),
  )
  return new Set([...files, ...folders.filter((path) => path !== '')])
}
