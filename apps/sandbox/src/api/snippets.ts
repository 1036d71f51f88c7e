import { z } from 'zod'
import type { Snippet } from '../store/project-things.ts'
import { roles } from '../store/projects.ts'
import { type InProject, inProject, ofProject, webUrl } from './in-project.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { iso, personById } from './people.ts'
import { badParameter, notFound } from './refusals.ts'
import { numberPart } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

const list = '/projects/{id}/snippets'

export const snippetRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listSnippets },
  { method: 'POST', path: list, handle: createSnippet },
  { method: 'GET', path: `${list}/{snippet_id}`, handle: showSnippet },
  { method: 'GET', path: `${list}/{snippet_id}/raw`, handle: showRaw },
  { method: 'DELETE', path: `${list}/{snippet_id}`, handle: deleteSnippet },
]

function listSnippets(call: ApiCall): Response {
  const at = inProject(call)
  const rows = visible(at).sort((a, b) => b.id - a.id)
  return page(call, rows, (snippet) => snippetView(at, snippet))
}

/** Members see all snippets of their project, others what is not private. */
function visible(at: InProject): Snippet[] {
  return ofProject(at, at.store.tables.snippets).filter(
    ({ visibility }) => visibility !== 'private' || at.level > 0,
  )
}

function showSnippet(call: ApiCall): Response {
  const id = numberPart(call, 'snippet_id')
  const at = inProject(call)
  return ok(snippetView(at, snippetOf(at, id)))
}

function showRaw(call: ApiCall): Response {
  const id = numberPart(call, 'snippet_id')
  const [file] = snippetOf(inProject(call), id).files
  return new Response(file?.content ?? '', { headers: { 'content-type': 'text/plain' } })
}

const file = z.object({ file_path: param.text, content: param.filled })

const newSnippet = z.object({
  title: param.filled,
  description: param.text.optional(),
  visibility: z.enum(['private', 'internal', 'public']),
  file_name: param.text.optional(),
  content: param.text.optional(),
  files: z.array(file).optional(),
})

function createSnippet(call: ApiCall): Response {
  const wish = call.read(newSnippet)
  const files = filesOf(wish)
  const at = inProject(call, 'reporter')
  const snippet: Snippet = {
    id: call.store.nextId(),
    projectId: at.project.id,
    title: wish.title,
    description: wish.description ?? null,
    visibility: wish.visibility,
    files,
    authorId: call.user.id,
    createdAt: call.instance.now(),
  }
  call.store.tables.snippets.set(snippet.id, snippet)
  return created(snippetView(at, snippet))
}

/** One file by its name and content, or several as a list. */
function filesOf({ content, file_name, files }: z.infer<typeof newSnippet>): Snippet['files'] {
  if (content !== undefined && files !== undefined) {
    throw badParameter('files, content are mutually exclusive')
  }
  if (files !== undefined)
    return files.map((each) => ({ path: each.file_path, content: each.content }))
  if (content === undefined) {
    throw badParameter('files, content are missing, exactly one parameter must be provided')
  }
  if (file_name === undefined) throw badParameter('file_name is missing')
  return [{ path: file_name, content }]
}

/** Its author and maintainers of the project may delete it. */
function deleteSnippet(call: ApiCall): Response {
  const id = numberPart(call, 'snippet_id')
  const at = inProject(call)
  const snippet = snippetOf(at, id)
  if (snippet.authorId !== call.user.id && at.level < roles.maintainer) throw notFound('Snippet')
  call.store.tables.snippets.delete(id)
  return noContent()
}

function snippetOf(at: InProject, id: number): Snippet {
  const snippet = visible(at).find((one) => one.id === id)
  if (snippet === undefined) throw notFound('Snippet')
  return snippet
}

function snippetView(at: InProject, snippet: Snippet): Record<string, unknown> {
  const here = webUrl(at, `/-/snippets/${snippet.id}`)
  const raw = (path: string) => `${here}/raw/main/${path}`
  return {
    id: snippet.id,
    title: snippet.title,
    description: snippet.description,
    visibility: snippet.visibility,
    author: personById(at, snippet.authorId),
    created_at: iso(snippet.createdAt),
    updated_at: iso(snippet.createdAt),
    project_id: snippet.projectId,
    web_url: here,
    raw_url: `${here}/raw`,
    http_url_to_repo: webUrl(at, `/snippets/${snippet.id}.git`),
    file_name: snippet.files[0]?.path ?? null,
    files: snippet.files.map(({ path }) => ({ path, raw_url: raw(path) })),
    imported: false,
    imported_from: 'none',
  }
}
