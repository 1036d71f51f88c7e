/** What a test of the whole product does as `npm start` does it. */
export { atStandIn } from './at-stand-in.ts'
export { standInDefinitions } from './definitions.ts'
export { appsAt, registerApps } from './register.ts'
