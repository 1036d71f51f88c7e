import { KeywellError } from '@keywell/protocol'
import { liveReplicaMs } from '../refresh/replicas.ts'
import { notifyKeysChanged, rootKeysChanged } from '../store/key-rotation.ts'
import { listRootKeysOfReplicas } from '../store/replicas.ts'
import { installation } from '../store/scope.ts'
import type { KeyParts } from './parts.ts'

const lookAgainMs = 100

/**
 * Waits until every running process is ready; if one is not, all are notified to read their root keys again.
 * A process without the primary root key could open nothing that it wraps, so then nothing is begun.
 *
 * @param isReady what is waited for; for a process that knows the key, `replicasMs` at most
 * @throws KeywellError `conflict`
 */
export async function notifyReplicas(
  { database, keys, waits, sleep }: Pick<KeyParts, 'database' | 'keys' | 'waits' | 'sleep'>,
  isReady: (held: readonly string[]) => boolean,
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += lookAgainMs) {
    const replicas = await listRootKeysOfReplicas(database.of(installation), liveReplicaMs)
    if (replicas.every((held) => isReady(held ?? []))) return
    if (waitedMs === 0) await notifyKeysChanged(database.of(installation), rootKeysChanged)
    if (waitedMs < waits.replicasMs) {
      await sleep(lookAgainMs)
      continue
    }
    const ignorant = replicas.filter((held) => !held?.includes(keys.primary)).length
    if (ignorant === 0) return
    throw new KeywellError(
      'conflict',
      `${ignorant} of ${replicas.length} running processes do not know the root key ${keys.primary}, and could read nothing that it wraps. Nothing was changed.`,
      { nextStep: `Give it to them first: ${keys.howToAdd}. Then run this again.` },
    )
  }
}
