import type { ConnectionId } from '@keywell/protocol'
import { type BrowserWindow, type Call, call } from './call.ts'
import { prepareSession, type SessionSource } from './sessions.ts'

export interface ServiceRequest extends Pick<Call, 'method' | 'body'> {
  /** The connection that the session is to reconnect. */
  readonly connectionId?: ConnectionId | undefined
}

/** Calls the service, in the session that is prepared for the next click and left for it. @throws ConnectError */
export async function request<Answer>(
  { sessions, window }: { sessions: SessionSource; window: () => BrowserWindow },
  path: string,
  { connectionId, ...options }: ServiceRequest,
): Promise<Answer> {
  const { serviceUrl, connectToken: token } = await prepareSession(sessions, connectionId)
  return call(window().fetch, serviceUrl + path, { ...options, token })
}
