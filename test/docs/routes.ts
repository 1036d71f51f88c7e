import { type ErrorCode, errorsOf, nameOf, type Route } from '@keywell/protocol'
import { listFaults, sectionOf, spansIn, tableRows } from '../support/markdown.ts'

/** The sections of the page, and which routes stand in each. */
const sections: Record<string, (route: Route) => boolean> = {
  'Routes for backends': ({ access }) => typeof access === 'object',
  'Routes for browsers': ({ access }) => access === 'connect_token',
  'Open routes': ({ access }) => access === 'open',
}

/** What the page of the HTTP API says otherwise than the table of routes. */
export function routeFaults(page: string, routes: readonly Route[]): string[] {
  return [
    ...Object.entries(sections).flatMap(([heading, isHere]) =>
      listFaults(
        bodyOf(sectionOf(page, heading)).map(factsOfRow),
        routes.filter(isHere).map(factsOf),
      ),
    ),
    ...listFaults(
      bodyOf(sectionOf(page, 'Errors of many routes')).map(([cells = '', errors = '']) =>
        [cells.trim(), ...spansIn(errors)].join(' '),
      ),
      Object.entries(common()).map(([what, errors]) => [what, ...errors].join(' ')),
    ),
  ]
}

/** Route, permission, errors and audit entry; what it does is said in free words. */
function factsOf(route: Route): string {
  const { access, errors, audit } = route
  const permission = typeof access === 'object' ? access.permission : ''
  return [nameOf(route), permission, [...errors].sort().join(' '), audit ?? ''].join(' | ')
}

function factsOfRow(cells: string[]): string {
  const [route = '', permission = '', , errors = '', audit = ''] = cells
  const facts = [route, permission, errors, audit].map(spansIn)
  return facts.map((spans, at) => (at === 2 ? spans.sort() : spans).join(' ')).join(' | ')
}

function bodyOf(section: string): string[][] {
  return tableRows(section).slice(1)
}

/** What a route answers for what it is, beside what every route answers. */
function common(): Record<string, ErrorCode[]> {
  const bare: Route = {
    method: 'GET',
    path: '/',
    summary: '',
    access: 'open',
    errors: [],
    answer: { status: 200, description: '', type: 'text/plain' },
  }
  const always = errorsOf(bare)
  const added = (change: Partial<Route>) =>
    errorsOf({ ...bare, ...change }).filter((code) => !always.includes(code))
  const schema = {} as NonNullable<Route['query']>
  const byKey = { access: { permission: 'audit:read', enforces: [] } } as const
  const ofKey = added(byKey)
  const ofInput = added({ query: schema })
  return {
    'every route': always,
    'with an API key': ofKey,
    'with an API key, that writes': added({ ...byKey, method: 'POST' }).filter(
      (code) => !ofKey.includes(code),
    ),
    'with a connect token': added({ access: 'connect_token' }),
    'with a parameter or a body': ofInput,
    'with a body': added({ body: schema }).filter((code) => !ofInput.includes(code)),
  }
}
