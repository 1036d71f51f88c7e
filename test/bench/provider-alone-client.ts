/** The client of `provider-alone.ts`: each refresh token is spent for the next, one after another. */
import { Agent, request } from 'node:http'
import { z } from 'zod'

interface Order {
  url: string
  client: { client_id: string; client_secret: string }
  refreshTokens: string[]
  ms: number
}

const agent = new Agent({ keepAlive: true })
const pair = z.object({ refresh_token: z.string() })

process.once('message', async ({ url, client, refreshTokens, ms }: Order) => {
  let refreshes = 0
  const beganMs = performance.now()
  const chain = async (first: string): Promise<void> => {
    let token = first
    while (performance.now() - beganMs < ms) {
      const form = { grant_type: 'refresh_token', refresh_token: token, ...client }
      token = pair.parse(JSON.parse(await post(url, new URLSearchParams(form)))).refresh_token
      refreshes += 1
    }
  }
  await Promise.all(refreshTokens.map(chain))
  agent.destroy()
  process.send?.({ refreshes, ms: performance.now() - beganMs }, () => process.disconnect())
})

function post(url: string, form: URLSearchParams): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method: 'POST', headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => resolve(text))
    })
    outgoing.on('error', reject)
    outgoing.end(form.toString())
  })
}
