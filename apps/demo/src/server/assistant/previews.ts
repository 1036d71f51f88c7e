import type { Approval } from '@keywell/protocol'

const maxPreviewLength = 1_500

/** The beginning of a result, for a person to look at. */
export function previewOf(data: unknown): string {
  const text = JSON.stringify(data, null, 2) ?? ''
  return text.length > maxPreviewLength ? `${text.slice(0, maxPreviewLength)}\n…` : text
}

/** `DELETE /projects/1/pipelines/2`, and below it what is sent along. */
export function requestLine({ method, path, query, body }: Approval['request']): string {
  const line = `${method} ${path}${query === '' || query.startsWith('?') ? query : `?${query}`}`
  return body === undefined ? line : `${line}\n${previewOf(body)}`
}
