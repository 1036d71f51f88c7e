import { z } from 'zod'

/** RFC 6901, such as `/user/id`; the empty one is the whole value. */
export const pointerSchema = z
  .string()
  .max(200)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON pointer (RFC 6901), such as /user/id')

/** Places of which the first counts that is there and not null. */
export const pointersSchema = z.array(pointerSchema).min(1).max(10)

/** A name within a definition: of a variable, a field, a method, a group. */
export const nameSchema = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,49}$/, 'must be a letter, then letters, digits and _')

/** A text for people: one line, without blanks around it. */
export const lineSchema = z
  .string()
  .max(500)
  .regex(/^\S(.*\S)?$/, 'must be one line, without blanks around it')

/** A part of a token. A shorter one would stand in words that are no tokens. */
export const tokenMarkSchema = z
  .string()
  .regex(/^[\w.~+=-]{4,20}$/, 'must be 4 to 20 letters, digits and _.~+=-')

/** A regular expression in the syntax of RE2, which has neither back-references nor look-around. */
export const patternSchema = z.string().min(1).max(200)

/**
 * A text in which `{name}` stands for a variable. In an address a variable is a base URL at the very beginning, one
 * label of a host name, or one segment of a path.
 */
export const templateSchema = z.string().min(1).max(500)

/** Headers that a definition may send with a request; those that carry a secret or a connection are the service's. */
export const headersSchema = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, 'must be the name of a header')
      .refine((name) => !reservedHeaders.has(name.toLowerCase()), 'is set by the service itself'),
    z.string().regex(/^[\x20-\x7e]{0,500}$/, 'must be printable ASCII'),
  )
  .refine((headers) => Object.keys(headers).length <= 10, 'has more than 10 headers')

const reservedHeaders = new Set([
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
