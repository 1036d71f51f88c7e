import { readForm, readProblem } from '../../page-form.ts'

export type Decision = 'approve' | 'deny'

/** Redirects that stay on the stand-in are followed this often. */
const maxSteps = 10

/**
 * A person with a browser but without a screen: opens a page, answers what is asked, and answers
 * with the address that the browser is sent to, or with that of the last page if it goes nowhere.
 * Throws with the page's text if it is about a problem.
 */
export async function visit(
  start: string | URL,
  decision: Decision = 'approve',
  fields: Readonly<Record<string, string>> = {},
): Promise<URL> {
  let here = new URL(start)
  const { origin } = here
  let response = await fetch(here, { redirect: 'manual' })
  for (let step = 0; step < maxSteps; step += 1) {
    const location = response.headers.get('location')
    if (location !== null) {
      here = new URL(location, here)
      if (here.origin !== origin) return here
      response = await fetch(here, { redirect: 'manual' })
      continue
    }
    const page = await response.text()
    const form = readForm(page)
    if (!response.ok || page.includes('class="problem"')) throw new Error(readProblem(page))
    if (form === undefined) return here
    here = new URL(form.action, here)
    const body = new URLSearchParams({ ...form.fields, ...fields, decision })
    const headers = { origin }
    response = await fetch(here, { method: 'POST', redirect: 'manual', headers, body })
  }
  throw new Error(`still at ${here.href} after ${maxSteps} steps`)
}

/** A redirect URI with an answer in its query; what stood there before stays. */
export function withQuery(
  uri: string,
  answer: Readonly<Record<string, string | undefined>>,
): string {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(answer)) {
    if (value !== undefined) url.searchParams.append(name, value)
  }
  return url.href
}
