import { inject } from 'vitest'
import { openOwner, type TestDatabase } from './inspected.ts'

const pageBytes = 8_192
/** Each page begins with a header, the first of a file with a longer one. */
const headerBytes = 24
const firstHeaderBytes = 40

/** What Postgres writes to its log from now on, which backups and standbys get a copy of. */
export interface WriteAheadLog {
  /** Byte for byte as characters, without the headers of pages, which would cut what crosses them. */
  read(): Promise<string>
  close(): Promise<void>
}

/** The embedded database lets its one user read it; a server does that for its superuser alone. */
export async function followWriteAheadLog(database: TestDatabase): Promise<WriteAheadLog> {
  const isServer = database.kind === 'postgres'
  const superuser = isServer ? await openOwner(inject('postgresUrl')) : database
  const begin = await segmentNow(superuser)
  return {
    async read() {
      const end = await segmentNow(superuser)
      const files = await superuser.query<{ name: string; bytes: Uint8Array }>(
        `select name, pg_read_binary_file('pg_wal/' || name) as bytes from pg_ls_waldir()
         where name between $1 and $2 order by name`,
        [begin, end],
      )
      if (files[0]?.name !== begin) throw new Error(`the log from ${begin} on is gone already`)
      return files.map(({ bytes }) => withoutHeaders(bytes)).join('')
    },
    close: async () => (isServer ? superuser.close() : undefined),
  }
}

async function segmentNow(superuser: TestDatabase): Promise<string> {
  const [row] = await superuser.query<{ name: string }>(
    'select pg_walfile_name(pg_current_wal_insert_lsn()) as name',
  )
  if (row === undefined) throw new Error('the server has no write-ahead log')
  return row.name
}

function withoutHeaders(file: Uint8Array): string {
  const pages: string[] = []
  for (let at = 0; at < file.length; at += pageBytes) {
    const header = at === 0 ? firstHeaderBytes : headerBytes
    pages.push(Buffer.from(file.subarray(at + header, at + pageBytes)).toString('latin1'))
  }
  return pages.join('')
}
