import { PostgresConnection } from '../../packages/server/src/store/postgres-connection.ts'
import { Semaphore } from '../../packages/server/src/store/semaphore.ts'

/** So many connections, and no more than the statement on any of them: what the product is compared with. */
export function openBarePool(
  url: string,
  connections: number,
): <Row extends object>(text: string, parameters: string[]) => Promise<Row[]> {
  const idle = Array.from({ length: connections }, () => new PostgresConnection({ url }))
  const semaphore = new Semaphore(connections)
  return (text, parameters) =>
    semaphore.run(10_000, async () => {
      const connection = idle.pop()
      if (connection === undefined) throw new TypeError('invariant: a permit without a connection')
      return await connection.query<never>(text, parameters).finally(() => idle.push(connection))
    })
}
