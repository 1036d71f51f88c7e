import { PostgresConnection } from '../../packages/server/src/store/postgres-connection.ts'
import { Turns } from '../../packages/server/src/store/turns.ts'

/** So many connections, and no more than the statement on any of them: what the product is compared with. */
export function openBarePool(
  url: string,
  connections: number,
): <Row extends object>(text: string, parameters: string[]) => Promise<Row[]> {
  const idle = Array.from({ length: connections }, () => new PostgresConnection({ url }))
  const turns = new Turns(connections)
  return (text, parameters) =>
    turns.take(10_000, async () => {
      const connection = idle.pop()
      if (connection === undefined) throw new TypeError('who has a turn has a connection')
      return await connection.query<never>(text, parameters).finally(() => idle.push(connection))
    })
}
