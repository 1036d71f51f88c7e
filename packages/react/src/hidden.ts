/**
 * For screen readers only, also where our stylesheet is not loaded. Set by script and not in the markup: a
 * strict Content-Security-Policy forbids `style` attributes that come from a server, and allows this.
 */
export function hideVisually({ style }: HTMLElement): void {
  style.cssText =
    'position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap'
}
