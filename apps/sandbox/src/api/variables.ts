import { z } from 'zod'
import type { Variable } from '../store/variables.ts'
import { type InProject, inProject, ofProject } from './in-project.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { conflict, invalid, notFound } from './refusals.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

const list = '/projects/{id}/variables'
const one = `${list}/{key}`

/** Of CI/CD. They ask for a role and for no special scope: a user who may list them sees their values. */
export const variableRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listVariables },
  { method: 'POST', path: list, handle: createVariable },
  { method: 'GET', path: one, handle: showVariable },
  { method: 'PUT', path: one, handle: updateVariable },
  { method: 'DELETE', path: one, handle: deleteVariable },
]

function listVariables(outer: ApiCall): Response {
  const call = inProject(outer, 'maintainer')
  return page(call, ofProject(call, call.store.tables.variables), variableView)
}

const written = {
  variable_type: z.enum(['env_var', 'file']).optional(),
  protected: param.bool.optional(),
  masked: param.bool.optional(),
  raw: param.bool.optional(),
  environment_scope: param.text.optional(),
  description: param.text.optional(),
}

const newVariable = z.object({
  ...written,
  key: param.text,
  value: param.text,
  masked_and_hidden: param.bool.default(false),
})

function createVariable(outer: ApiCall): Response {
  const { masked_and_hidden: hidden, ...given } = outer.read(newVariable)
  const call = inProject(outer, 'maintainer')
  const { store, project } = call
  const row: Variable = {
    id: store.nextId(),
    projectId: project.id,
    key: given.key,
    value: given.value,
    type: given.variable_type ?? 'env_var',
    protected: given.protected ?? false,
    masked: hidden || (given.masked ?? false),
    hidden,
    raw: given.raw ?? false,
    environmentScope: given.environment_scope ?? '*',
    description: given.description ?? null,
  }
  check(call, row)
  store.tables.variables.set(row.id, row)
  return created(variableView(row))
}

function check(call: InProject, row: Variable): void {
  if (!/^\w{1,255}$/.test(row.key)) {
    throw invalid({ key: ["can contain only letters, digits and '_'."] })
  }
  const others = ofProject(call, call.store.tables.variables).filter(({ id }) => id !== row.id)
  const isTaken = others.some(
    ({ key, environmentScope }) => key === row.key && environmentScope === row.environmentScope,
  )
  if (isTaken) throw invalid({ key: [`(${row.key}) has already been taken`] })
  // What is too short or has spaces cannot be found in a log.
  if (row.masked && !/^\S{8,}$/.test(row.value)) throw invalid({ value: ['is invalid'] })
}

const filter = z.object({
  filter: z.object({ environment_scope: param.text.optional() }).default({}),
})

function showVariable(outer: ApiCall): Response {
  const asked = outer.read(filter)
  const call = inProject(outer, 'maintainer')
  return ok(variableView(findVariable(call, asked)))
}

function updateVariable(outer: ApiCall): Response {
  const given = outer.read(filter.extend({ ...written, value: param.text.optional() }))
  const call = inProject(outer, 'maintainer')
  const row = findVariable(call, given)
  const next: Variable = {
    ...row,
    value: given.value ?? row.value,
    type: given.variable_type ?? row.type,
    protected: given.protected ?? row.protected,
    masked: row.hidden || (given.masked ?? row.masked),
    raw: given.raw ?? row.raw,
    environmentScope: given.environment_scope ?? row.environmentScope,
    description: given.description ?? row.description,
  }
  check(call, next)
  call.store.tables.variables.set(row.id, next)
  return ok(variableView(next))
}

function deleteVariable(outer: ApiCall): Response {
  const asked = outer.read(filter)
  const call = inProject(outer, 'maintainer')
  call.store.tables.variables.delete(findVariable(call, asked).id)
  return noContent()
}

/** By its key, which is unique only with the scope of its environments. */
function findVariable(call: InProject, asked: z.infer<typeof filter>): Variable {
  const scope = asked.filter.environment_scope
  const [row, another] = ofProject(call, call.store.tables.variables)
    .filter(({ key }) => key === call.part('key'))
    .filter(({ environmentScope }) => (scope ?? environmentScope) === environmentScope)
  if (another !== undefined) {
    throw conflict(
      "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'",
    )
  }
  if (row === undefined) throw notFound('Variable')
  return row
}

function variableView(row: Variable): Record<string, unknown> {
  return {
    variable_type: row.type,
    key: row.key,
    value: row.hidden ? null : row.value,
    hidden: row.hidden,
    protected: row.protected,
    masked: row.masked,
    raw: row.raw,
    environment_scope: row.environmentScope,
    description: row.description,
  }
}
