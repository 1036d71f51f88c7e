import type { Stage } from './stage.ts'

/** What the stand-in answers to every call of a project, until the stage is calm. */
export function answerProjects(
  { sandbox }: Pick<Stage, 'sandbox'>,
  status: number,
  body: unknown,
): Promise<unknown> {
  return sandbox.control.addFault({
    endpoint: 'rest',
    pathPrefix: '/api/v4/projects',
    effect: {
      kind: 'respond',
      status,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', 'x-request-id': 'of-gitlab' },
    },
  })
}
