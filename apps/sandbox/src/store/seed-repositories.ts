import type { Project } from './projects.ts'
import { addBranch, commitTo, putBlob, type Rows, type Signature, type Tree } from './repository.ts'
import type { User } from './state.ts'

const dayMs = 86_400_000

/** A short history for a project: three commits on its protected branch, one on another, and a tag. */
export function seedRepository(rows: Rows, project: Project, owner: User, now: number): void {
  const author: Signature = { name: owner.name, email: owner.email }
  const at = { projectId: project.id, author }
  let tree: Tree = {
    'README.md': file(rows, `# ${project.name}\n\n${project.description ?? ''}\n`),
  }
  const first = commitTo(rows, {
    ...at,
    branch: 'main',
    parents: [],
    tree,
    message: 'Initial commit',
    createdAt: now - 90 * dayMs,
  })
  tree = {
    ...tree,
    'src/index.ts': file(rows, "import { start } from './start.ts'\n\nstart()\n"),
    'src/start.ts': file(
      rows,
      `export function start(): void {\n  console.log('${project.name}')\n}\n`,
    ),
  }
  const second = commitTo(rows, {
    ...at,
    branch: 'main',
    parents: [first.sha],
    tree,
    message: 'Add the entry point\n\nIt says who it is, and no more.',
    createdAt: now - 60 * dayMs,
  })
  const tag = { message: 'First release', createdAt: second.createdAt }
  const id = rows.nextId()
  rows.tables.tags.set(id, { id, projectId: project.id, name: 'v1.0.0', sha: second.sha, ...tag })
  tree = { ...tree, 'docs/how-to.md': file(rows, '# How to\n\n1. Install it.\n2. Start it.\n') }
  const third = commitTo(rows, {
    ...at,
    branch: 'main',
    parents: [second.sha],
    tree,
    message: 'Say how to start it',
    createdAt: now - 30 * dayMs,
  })
  for (const branch of rows.tables.branches.values()) {
    if (branch.projectId === project.id) branch.protected = true
  }
  addBranch(rows, { projectId: project.id, name: 'feature/quiet', sha: third.sha })
  commitTo(rows, {
    ...at,
    branch: 'feature/quiet',
    parents: [third.sha],
    tree: { ...tree, 'src/start.ts': file(rows, 'export function start(): void {}\n') },
    message: 'Start without a word',
    createdAt: now - 10 * dayMs,
  })
}

function file(rows: Rows, text: string): Tree[string] {
  return { sha: putBlob(rows, Buffer.from(text)), mode: '100644' }
}
