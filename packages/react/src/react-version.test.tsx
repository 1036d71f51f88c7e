// @vitest-environment node
import { version } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'

it('is tested with the React that the run is for: the newest, and 18', () => {
  const wanted = process.env.KEYWELL_TEST_REACT ?? '19'
  expect(version.split('.')[0]).toBe(wanted)
  // An element of another React cannot be rendered.
  expect(renderToString(<p>{version}</p>)).toBe(`<p>${version}</p>`)
})
