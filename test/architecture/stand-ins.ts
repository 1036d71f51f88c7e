/** Stand-ins for providers judge the definitions, so they know nothing of them. */
import { type Fault, importsOf, isTest, type SourceFile } from './source.ts'

const folder = 'apps/sandbox/src/dialects/'

/** Files of the sandbox that import anything of ours, and parts of a stand-in that answer requests without a source. */
export function standInFaults(files: readonly SourceFile[]): Fault[] {
  return files
    .filter(({ path }) => path.startsWith('apps/sandbox/src/'))
    .flatMap((file) => [...knowing(file), ...unfounded(file)])
}

function knowing(file: SourceFile): Fault[] {
  return importsOf(file)
    .filter(
      ({ specifier }) => specifier.startsWith('@keywell/') || specifier.includes('/packages/'),
    )
    .map(({ specifier }) => ({
      path: file.path,
      message: `a stand-in may not import ${specifier}`,
    }))
}

/** A file of a provider that uses the HTTP framework answers what a provider answers: some page has to say so. */
function unfounded(file: SourceFile): Fault[] {
  const { path, text } = file
  const ofProvider = path.startsWith(folder) && !path.startsWith(`${folder}core/`) && !isTest(path)
  if (!ofProvider || !importsOf(file).some(({ specifier }) => specifier === 'hono')) return []
  const hasSource = text.split('\n').some((line) => line.trimStart().startsWith('// https://'))
  return hasSource ? [] : [{ path, message: 'names no source of what it answers' }]
}

/** Providers that have a stand-in here: a rule that reads none proves nothing. */
export function standIns(files: readonly SourceFile[]): string[] {
  const names = files
    .filter(({ path }) => path.startsWith(folder) && path.endsWith('/index.ts'))
    .map(({ path }) => path.slice(folder.length).split('/')[0] ?? '')
  return [...new Set(names)].sort()
}
