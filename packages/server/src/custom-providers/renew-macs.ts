import { type DefinitionMacs, isIntact } from '../definition-versions/stored-definition.ts'
import type { Peppers } from '../encryption-keys/peppers.ts'
import type { Database } from '../store/database.ts'
import {
  listOwnersUnderOtherPepper,
  listVersionsUnderOtherPepper,
  setDefinitionMac,
} from '../store/provider-versions.ts'
import { everyTenant } from '../store/scope.ts'

/**
 * Puts every version under the present pepper, for as long as the one before can be had. A row that is not as the
 * service wrote it stays as it is.
 */
export async function renewMacs({
  database,
  peppers,
}: {
  database: Database
  peppers: Pick<Peppers<DefinitionMacs>, 'present' | 'find'>
}): Promise<void> {
  const { version: pepperVersion, macs } = peppers.present()
  const owners = await listOwnersUnderOtherPepper(database.of(everyTenant), pepperVersion)
  for (const owner of owners) {
    const sql = database.of(owner)
    for (const row of await listVersionsUnderOtherPepper(sql, owner, pepperVersion)) {
      if (!isIntact(row, await peppers.find(row.pepperVersion))) continue
      await setDefinitionMac(sql, { ...row, mac: macs.of(row), pepperVersion })
    }
  }
}
