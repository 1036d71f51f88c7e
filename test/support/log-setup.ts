import { afterAll, afterEach } from 'vitest'
import { requireKnownLines, watch } from './log-lines.ts'

watch()

// Every test, and whatever a file does before the first and after the last.
afterEach(requireKnownLines)
afterAll(requireKnownLines)
