import {
  connectionSchema,
  connectOptionsSchema,
  disconnectAnswerSchema,
  flowSchema,
  hostCheckSchema,
  providerBrandSchema,
  sessionAnswerSchema,
} from '@keywell/protocol'
import { expect, test } from 'vitest'
import { many, removed, several, states } from './accounts.ts'
import * as fixtures from './fixtures.ts'

test('the gallery shows what a service can answer', () => {
  const { session, connection, broken, longName, ending, flow, hostCheck, notRegistered } = fixtures
  expect(sessionAnswerSchema.parse(session)).toEqual(session)
  expect(flowSchema.parse(flow)).toEqual(flow)
  expect(providerBrandSchema.parse(fixtures.brand)).toEqual(fixtures.brand)
  for (const each of [
    connection,
    broken,
    longName,
    ending,
    ...several,
    ...many,
    ...Object.values(states),
  ]) {
    expect(connectionSchema.parse(each)).toEqual(each)
  }
  for (const each of [hostCheck, notRegistered]) {
    expect(hostCheckSchema.parse(each)).toEqual(each)
  }
  expect(disconnectAnswerSchema.parse(removed)).toEqual(removed)
  const options = { providers: [fixtures.offer], places: {} }
  expect(connectOptionsSchema.parse(options)).toEqual(options)
})
