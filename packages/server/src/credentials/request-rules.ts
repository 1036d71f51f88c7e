import { KeywellError, type ProviderRequest, type TenantPolicy } from '@keywell/protocol'

/** What a caller may not set: it would decide who calls, or say another method than the one that was checked. */
const decidingHeader =
  /auth|token|key|cookie|secret|session|credential|sudo|impersonat|on-behalf|forwarded|proxy|host|override|http-method/
/** Parameters of the same kind that some providers read from a query. */
const decidingParameters: readonly string[] = [
  'access_token',
  'private_token',
  'job_token',
  'api_key',
  'sudo',
  '_method',
]
/** Those that are also read from the fields of a body. Others are fields that an API may ask for. */
const decidingFields: readonly string[] = ['private_token', 'job_token', 'sudo']

/** @throws KeywellError `invalid_request` */
export function requireHarmless(
  { headers = {}, body }: Pick<ProviderRequest, 'headers' | 'body'>,
  url: URL,
): void {
  for (const name of Object.keys(headers)) {
    if (decidingHeader.test(name.toLowerCase())) {
      throw refused(`headers.${name}`, 'would decide who calls')
    }
  }
  for (const name of parametersIn(url)) {
    if (decidingParameters.includes(name.toLowerCase())) {
      throw refused(`query.${name}`, 'would decide who calls')
    }
  }
  for (const name of Object.keys(Object(body))) {
    if (decidingFields.includes(name.toLowerCase())) {
      throw refused(`body.${name}`, 'would decide who calls')
    }
  }
}

/** As servers read them: some take a semicolon for an ampersand. */
function parametersIn({ search }: URL): string[] {
  return [...new URLSearchParams(search.replaceAll(';', '&')).keys()]
}

/** @throws KeywellError `not_allowed_for_tenant` */
export function requireReadingOnly({ readOnly }: TenantPolicy, method: string): void {
  if (!readOnly || method === 'GET' || method === 'HEAD') return
  throw new KeywellError(
    'not_allowed_for_tenant',
    `The operator allows this tenant to change nothing, so no ${method} is sent.`,
  )
}

/**
 * The address of a request: below the host, or whole. Whether the credential may go there is asked where it is sent.
 *
 * @throws KeywellError `invalid_request`
 */
export function addressOf(host: string, { path, query = {} }: ProviderRequest): URL {
  const text = path.startsWith('/') ? `${host}${path}` : path
  if (!URL.canParse(text)) throw refused('path', 'must begin with "/", or be a URL')
  const url = new URL(text)
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) url.searchParams.append(name, String(each))
  }
  return url
}

function refused(field: string, problem: string): KeywellError {
  return new KeywellError('invalid_request', `${field}: ${problem}.`)
}
