export { createDemo, type Demo, type DemoOptions } from './server.ts'
