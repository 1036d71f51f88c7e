/** The statements that keep a connection, for the test that compares them with their mirror in `model/`. */
export {
  advanceConnection,
  disconnectConnection,
  endConnection,
} from '../../packages/server/src/store/connections.ts'
export {
  deleteCredential,
  findKeptCredential,
  type KeptCredentialRow,
  replaceCredential,
} from '../../packages/server/src/store/credentials.ts'
export type { Sql } from '../../packages/server/src/store/database.ts'
export { deleteOrphan, findOrphan, insertOrphan } from '../../packages/server/src/store/orphans.ts'
export { claimProbe, claimRefresh } from '../../packages/server/src/store/reader-claims.ts'
export { type Claim, restartIndeterminate } from '../../packages/server/src/store/refresh-claim.ts'
export {
  endProbe,
  recordFailure,
  recordSuccess,
} from '../../packages/server/src/store/refresh-outcomes.ts'
export { deleteSchedule } from '../../packages/server/src/store/refresh-schedule.ts'
export { insertRevocation, moveToRevocations } from '../../packages/server/src/store/revocations.ts'
