import { afterEach, expect, it } from 'vitest'
import { readReturn } from './return.ts'

afterEach(() => {
  document.querySelector('base')?.remove()
  window.history.replaceState(null, '', `${window.location.origin}/`)
})

it.each([
  ['of an address that begins with two slashes', '//x?tab=2', undefined],
  ['of a page whose addresses begin elsewhere', '/x?tab=2', 'https://cdn.example/'],
])('removes the parameters %s', (_, path, base) => {
  if (base) document.head.append(Object.assign(document.createElement('base'), { href: base }))
  const address = window.location.origin + path
  window.history.pushState(null, '', `${address}#/deep&keywell_flow=flo_1`)
  expect(readReturn(window)).toEqual({ flow: 'flo_1' })
  expect(window.location.href).toBe(`${address}#/deep`)
  expect(readReturn(window)).toEqual({})
})
