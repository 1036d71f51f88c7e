import { createRoot } from 'react-dom/client'
import '@keywell/react/styles.css'
import './gallery.css'
import { Gallery } from './gallery.tsx'
import { readView } from './view.ts'

const view = readView(window.location.search)
const { documentElement } = document
documentElement.dataset.theme = view.theme
documentElement.dir = view.dir
documentElement.lang = view.lang

const root = document.getElementById('root')
if (!root) throw new Error('gallery.html has no #root')
createRoot(root).render(<Gallery view={view} />)
