import { type Appearance, type Colors, colorsOf } from './appearance.ts'

/** The stylesheet of every page of the service, in the app's colour. */
export function stylesheetOf({ color }: Appearance): string {
  return `:root{color-scheme:light dark;--ink:#1c1f26;--quiet:#565d6b;--ground:#f4f5f7;--card:#fff;--line:#e3e6eb;--edge:#7b8494;--soft:#f4f5f7;--danger:#a8201a;--danger-ground:#fdeceb;--caution:#7a4b00;--caution-ground:#fff4dd;${variables(colorsOf(color, 'light'))}}
@media (prefers-color-scheme:dark){:root{--ink:#eceef2;--quiet:#a5adbb;--ground:#101216;--card:#1b1d23;--line:#31353f;--edge:#7d8696;--soft:#24272f;--danger:#ffb3ac;--danger-ground:#3a1f1e;--caution:#ffd28a;--caution-ground:#332713;${variables(colorsOf(color, 'dark'))}}}
${rules}`
}

function variables({ accent, onAccent, accentText }: Colors): string {
  return `--act:${accent};--on-act:${onAccent};--link:${accentText}`
}

const rules = `*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;min-height:100vh;display:grid;grid-template-columns:minmax(0,28rem);place-content:center;padding:2rem 1rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;-webkit-font-smoothing:antialiased}
main{padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;box-shadow:0 1px 2px rgb(0 0 0/.04),0 12px 32px rgb(0 0 0/.06);overflow-wrap:anywhere}
a{color:var(--link)}
h1{margin:0 0 .5rem;font-size:1.375rem;line-height:1.25;letter-spacing:-.01em;text-wrap:balance}
h2,legend{margin:0 0 .25rem;padding:0;font-size:.9375rem;font-weight:600;line-height:1.4}
p{margin:0 0 .75rem}
ol,ul{margin:0 0 1.25rem;padding:0;padding-inline-start:1.25rem}
li{margin:0 0 .5rem}
code{font:.875em/1.4 ui-monospace,SFMono-Regular,monospace}
label{display:block}
.field{margin:0 0 1.25rem}
.field>label{margin:0 0 .25rem;font-weight:600}
input:not([type=checkbox],[type=radio]),select,textarea{display:block;width:100%;min-height:2.75rem;padding:.5rem .75rem;background:var(--card);color:var(--ink);border:1px solid var(--edge);border-radius:.5rem;font:inherit}
input[type=password],textarea{font-family:ui-monospace,monospace}
input[aria-invalid=true],textarea[aria-invalid=true]{border-color:var(--danger)}
input[type=checkbox],input[type=radio]{flex:none;width:1.125rem;height:1.125rem;margin:.1875rem 0 0;accent-color:var(--act)}
button{min-height:2.875rem;padding:.625rem 1.125rem;background:var(--act);color:var(--on-act);border:1px solid var(--act);border-radius:.625rem;font:inherit;font-weight:600;cursor:pointer}
button:hover{filter:brightness(1.08)}
button.wide{width:100%}
button:is([name=cancel],[data-second]){background:none;color:var(--ink);border-color:var(--edge)}
:is(a,input,button,select,textarea,summary):focus-visible{outline:3px solid var(--ink);outline-offset:2px;border-radius:.375rem}
.brand{display:flex;align-items:center;gap:.625rem;margin:0 0 1.5rem;font-weight:600}
.tile{display:grid;place-items:center;flex:none;width:3rem;height:3rem;border:1px solid var(--line);border-radius:.75rem;background:#fff;color:#1c1f26;font-size:1.25rem;font-weight:600;overflow:hidden}
.tile img{display:block;max-width:2.25rem;max-height:2.25rem}
.tile svg{display:block;width:1.75rem;height:1.75rem}
.between{color:var(--quiet);letter-spacing:.2em}
.account{margin:.875rem 0 .5rem;padding:.625rem .875rem;background:var(--soft);border-radius:.625rem}
.account small{display:block;color:var(--quiet);font-size:.8125rem}
.lead{margin:0 0 1.5rem;color:var(--quiet);font-size:.9375rem}
.lead strong{color:var(--ink);font-weight:600}
fieldset{min-width:0;margin:0 0 1.5rem;padding:0;border:0}
.rows{margin:0;padding:0;list-style:none;border:1px solid var(--line);border-radius:.75rem}
.rows>li{margin:0;border-block-start:1px solid var(--line)}
.rows>li:first-child{border:0}
.row{display:flex;gap:.75rem;padding:.75rem .875rem;cursor:pointer}
.row[data-fixed]{cursor:default}
.row:has(input:disabled){cursor:default}
.row strong{display:block;font-weight:500}
.row small{display:block;margin-top:.1875rem;color:var(--quiet);font-size:.8125rem}
a.row{align-items:center;color:inherit;text-decoration:none;font-weight:600}
a.row:hover,label.row:hover{background:var(--soft);border-radius:.75rem}
a.row::after{content:"›";margin-inline-start:auto;color:var(--quiet);font-size:1.25rem}
a.row .tile{width:2.25rem;height:2.25rem;border-radius:.5rem;font-size:1rem}
a.row .tile svg{width:1.25rem;height:1.25rem}
.group{margin:1rem 0 .375rem;color:var(--quiet);font-size:.8125rem;font-weight:600}
.tag{display:inline-block;margin-inline-end:.375rem;padding:0 .4375rem;border-radius:1rem;background:var(--soft);color:var(--quiet);font-size:.75rem;font-weight:600;line-height:1.5}
.tag[data-risk=high],.tag[data-risk=critical]{background:var(--caution-ground);color:var(--caution)}
.presets{display:flex;flex-wrap:wrap;gap:.5rem;margin:0 0 .75rem;padding:0;list-style:none}
legend+.hint{margin:0 0 .625rem}
.presets li{margin:0}
.presets a{display:block;padding:.375rem .875rem;border:1px solid var(--edge);border-radius:2rem;color:var(--ink);font-size:.875rem;font-weight:500;text-decoration:none}
.presets a:hover{background:var(--soft)}
.presets a[aria-current]{background:var(--act);border-color:var(--act);color:var(--on-act)}
details{margin:.625rem 0 0}
summary{color:var(--quiet);font-size:.875rem;cursor:pointer}
details .field{margin:.5rem 0 0}
.error,.caution{margin:0 0 1.25rem;padding:.75rem .875rem;border:1px solid;border-radius:.625rem;font-size:.9375rem}
.error{background:var(--danger-ground);color:var(--danger)}
.caution{background:var(--caution-ground);color:var(--caution)}
:is(.error,.caution) p:last-child{margin:0}
.code{margin:0 0 1.25rem;padding:1rem;border:1px solid var(--line);border-radius:.75rem;background:var(--soft);font:600 1.75rem/1.2 ui-monospace,SFMono-Regular,monospace;letter-spacing:.08em;text-align:center;user-select:all}
.hint{margin:.5rem 0 1.25rem;color:var(--quiet);font-size:.875rem}
.fine{margin:1rem 0 0;color:var(--quiet);font-size:.8125rem}
dl{margin:0 0 1.25rem}
dt{color:var(--quiet);font-size:.8125rem}
dd{margin:0 0 .5rem}
pre{margin:0 0 1.25rem;padding:.75rem .875rem;border:1px solid var(--line);border-radius:.625rem;background:var(--soft);font:.8125rem/1.5 ui-monospace,SFMono-Regular,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
.acts{display:flex;flex-wrap:wrap;gap:.75rem;margin:0}
footer{margin-top:1.5rem;color:var(--quiet);font:.8125rem/1.4 ui-monospace,monospace}
@media (max-width:30rem){body{place-content:start stretch;grid-template-columns:minmax(0,1fr);padding:.75rem}main{padding:1.25rem}}
@media (prefers-reduced-motion:no-preference){button,a{transition:background-color .12s,filter .12s}}
@media (forced-colors:active){.tile,.code,.tag,pre{border:1px solid}}
`
