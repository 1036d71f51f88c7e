import { signedIn } from '../../../session.ts'
import { keywell } from '../../keywell.ts'

export async function GET({ headers }: Request): Promise<Response> {
  const who = signedIn(headers.get('cookie'))
  if (who === null) return new Response(null, { status: 401 })
  const projects = await keywell().forUser(who).fetch('gitlab', '/api/v4/projects')
  return Response.json(await projects.json(), { status: projects.status })
}
