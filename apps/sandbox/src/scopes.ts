/** What an application may ask for, with the sentence that the consent page shows. */
export const scopeSentences: Readonly<Record<string, string>> = {
  api: 'Full access: read and change everything you can, such as projects, issues, pipelines and settings.',
  read_api: 'Read everything you can read, private projects included.',
  read_user: 'Read your profile, and the public profiles of other people.',
  read_repository: 'Read the code of your private projects.',
  write_repository: 'Read and push code to your projects.',
  read_registry: 'Download container images from your private projects.',
  write_registry: 'Upload container images to your projects.',
  read_virtual_registry: 'Download packages through virtual registries.',
  write_virtual_registry: 'Download, add and remove packages in virtual registries.',
  read_observability: 'Read traces, metrics and logs.',
  write_observability: 'Send traces, metrics and logs.',
  ai_features: 'Use AI features on your behalf.',
  create_runner: 'Create runners.',
  manage_runner: 'Change and remove runners.',
  k8s_proxy: 'Send requests to Kubernetes clusters through the agent.',
  openid: 'Sign you in with your account here.',
  profile: 'See your name, username and picture.',
  email: 'See your e-mail address.',
  sudo: 'Act as any other user. Administrators only.',
  admin_mode: 'Use administrator rights. Administrators only.',
  read_service_ping: 'Download the usage report. Administrators only.',
}

/** What a grant gets when the request names no scope. */
export const defaultScope = 'api'

/** Splits a space list; text in the wrong form gives no scope that is known. */
export function splitScopes(scope: string | undefined): string[] {
  return [...new Set((scope ?? '').split(/\s+/).filter((name) => name !== ''))]
}

export function unknownScopes(scopes: readonly string[]): string[] {
  return scopes.filter((name) => !Object.hasOwn(scopeSentences, name))
}

export function sameScopes(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name))
}

export function isWithin(scopes: readonly string[], ceiling: readonly string[]): boolean {
  return scopes.every((name) => ceiling.includes(name))
}
