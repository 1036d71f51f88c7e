/** Fenced code of a Markdown page, and what is wrong with it. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, run } from '../packaging/run.ts'

export interface Block {
  readonly language: string
  readonly text: string
  /** `README.md:12`, the line of the opening fence. */
  readonly where: string
}

/** Every fenced block of a page. */
export function readBlocks(page: string, markdown: string): Block[] {
  const blocks: Block[] = []
  let open: { where: string; language: string; lines: string[] } | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^\s*```(\S*)/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === undefined) {
      open = { where: `${page}:${index + 1}`, language: fence[1] ?? '', lines: [] }
    } else {
      blocks.push({ where: open.where, language: open.language, text: open.lines.join('\n') })
      open = undefined
    }
  }
  if (open !== undefined) throw new Error(`${open.where}: the block has no end`)
  return blocks
}

/** Compiles the `ts` and `tsx` blocks against the source, each as a module of its own. */
export async function compileFaults(blocks: readonly Block[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'keywell-readme-'))
  try {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    const modules = blocks
      .filter(({ language }) => language === 'ts' || language === 'tsx')
      .map((block, index) => ({ ...block, name: `block-${index}.${block.language}` }))
    for (const { name, text } of modules) await writeFile(join(folder, name), text)
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(compilerSettings))
    const { output } = await run('tsc', ['-p', folder, '--pretty', 'false'], folder)
    return output
      .split('\n')
      .filter((line) => line.includes(': error '))
      .map((line) => {
        const block = modules.find(({ name }) => line.startsWith(`${name}(`))
        return block === undefined ? line : `${block.where}: ${line.slice(line.indexOf('error'))}`
      })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const compilerSettings = {
  extends: join(root, 'test/tsconfig.json'),
  compilerOptions: {
    rootDir: '/',
    moduleDetection: 'force',
    // An example may end before it uses what it made.
    noUnusedLocals: false,
  },
  include: ['*', join(root, 'test/readme/reader.d.ts')],
}

/** Commands of a page; comments, continued lines and `&&` are understood. */
export function commandsOf(blocks: readonly Block[]): { where: string; command: string }[] {
  return blocks
    .filter(({ language }) => language === 'bash')
    .flatMap(({ where, text }) =>
      text
        .replaceAll(/\\\n\s*/g, '')
        .split('\n')
        .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split(' && '))
        .map((command) => command.trim())
        .filter((command) => command !== '')
        .map((command) => ({ where, command })),
    )
}
