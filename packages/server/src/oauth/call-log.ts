import { calledAddresses } from '@keywell/providers'
import type { Catalogue } from '../catalogue.ts'
import type { Logger } from '../logger.ts'
import type { FinishedCall } from '../outbound/outbound.ts'

/** Without what stands before it, a base URL, and without a query. */
function pathOf(template: string): string {
  const [address = ''] = template.split('?', 1)
  return address.replace(/^(https?:\/\/[^/]*|\{[^{}]*\})/, '')
}

/** Whether a path ends as the template does: an instance may have a relative root. */
function endsAs(pathname: string, template: string): boolean {
  const wanted = template.split('/').slice(1)
  const given = pathname.split('/').slice(-wanted.length)
  return (
    given.length === wanted.length &&
    wanted.every((segment, index) => segment.startsWith('{') || segment === given[index])
  )
}

const templatesOf = (providers: Catalogue['all']) => [
  ...new Set(providers.flatMap(calledAddresses).map(pathOf)),
]

/** A line for each call to a provider, at `debug`: by the template of its path, and without a query. */
export function createCallLog(logger: Logger, catalogue: Catalogue): (call: FinishedCall) => void {
  let { all } = catalogue
  let templates = templatesOf(all)
  return ({ origin, pathname, ms, ...call }) => {
    if (logger.isLevelEnabled?.('debug') === false) return
    if (all !== catalogue.all) {
      all = catalogue.all
      templates = templatesOf(all)
    }
    const path = templates.find((template) => endsAs(pathname, template)) ?? '/:other'
    logger.debug({ ...call, host: origin, path, ms: Math.round(ms) }, 'provider call finished')
  }
}
