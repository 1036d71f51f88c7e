import { readFile } from 'node:fs/promises'
import type { Context } from 'hono'

/** A file of the folder `assets`, which lies beside both `src` and `dist`. */
export async function asset(c: Context, name: string, type: string): Promise<Response> {
  const body = await readFile(new URL(`../../assets/${name}`, import.meta.url))
  return c.body(body, 200, {
    'Content-Type': type,
    'Cache-Control': 'max-age=300',
    'X-Content-Type-Options': 'nosniff',
  })
}
