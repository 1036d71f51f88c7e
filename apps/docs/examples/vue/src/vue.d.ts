declare module '*.vue' {
  const component: import('vue').Component
  // biome-ignore lint/style/noDefaultExport: as Vue compiles it
  export default component
}
