/** The statements behind the worker's claims, for the bench that times them one by one. */
export {
  type Claim,
  claimDue,
  completeUpkeep,
} from '../../packages/server/src/store/upkeep.ts'
