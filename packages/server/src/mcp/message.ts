/** What of a message decides how it is answered. What is wrong with one, the protocol's library says. */
import { z } from 'zod'

const id = z.union([z.string(), z.number()])
const messageSchema = z.object({
  method: z.string(),
  id: id.optional(),
  params: z.object({ requestId: id.optional() }).optional(),
})

export interface Message {
  readonly method: string
  readonly id: string | number | undefined
  /** Of the call that a cancellation means. */
  readonly requestId: string | number | undefined
}

/** Undefined: it is no single message. */
export async function readMessage(request: Request): Promise<Message | undefined> {
  if (request.method !== 'POST') return undefined
  const body: unknown = await request
    .clone()
    .json()
    .catch(() => undefined)
  const { data } = messageSchema.safeParse(body)
  return data && { method: data.method, id: data.id, requestId: data.params?.requestId }
}
