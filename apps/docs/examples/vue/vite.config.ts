import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [
    // Else Vue would look for a component of this name.
    vue({
      template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith('keywell-') } },
    }),
  ],
})
