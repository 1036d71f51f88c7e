/** The tools of the user, as an adapter takes them. */
import { Keywell } from '@keywell/sdk'
import { toolNames, who } from './environment.mjs'

export const source = new Keywell().forUser(who).tools
export const options = { filter: { toolNames } }
