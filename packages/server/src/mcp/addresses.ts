/** The canonical address of an endpoint: the audience of its tokens, and the `resource` of RFC 9728. */
export function endpointUrl(publicUrl: string, provider: string): string {
  return `${publicUrl.replace(/\/$/, '')}/mcp/${provider}`
}

/** Where the document of RFC 9728 is: the well-known path stands in front of the endpoint's own. */
export function metadataUrl(publicUrl: string, provider: string): string {
  const { origin, pathname } = new URL(endpointUrl(publicUrl, provider))
  return `${origin}/.well-known/oauth-protected-resource${pathname}`
}
