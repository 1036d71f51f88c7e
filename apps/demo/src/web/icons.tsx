import type { ReactElement, ReactNode } from 'react'

/** Acme's own marks: one stroke, one size, the colour of the text; decoration, so hidden from readers. */
function Icon({ children }: { children: ReactNode }): ReactElement {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  )
}

export function AcmeMark(): ReactElement {
  return (
    <svg className="acme-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M9 23 16 8l7 15M11.6 18h8.8" />
    </svg>
  )
}

export function HomeIcon(): ReactElement {
  return (
    <Icon>
      <path d="M3.5 9 10 3.5 16.5 9v7.5h-4.5v-4.5H8v4.5H3.5z" />
    </Icon>
  )
}

export function ChatIcon(): ReactElement {
  return (
    <Icon>
      <path d="M3.5 4h13v9.5H10L6.500 16.500v-3h-3zM6.500 7.500h7M6.500 10h4.500" />
    </Icon>
  )
}

export function PlugIcon(): ReactElement {
  return (
    <Icon>
      <path d="M7 2.8v3.7M13 2.8v3.7M4.8 6.5h10.4v2.7a5.2 5.2 0 0 1-10.4 0zM10 14.4v3" />
    </Icon>
  )
}

export function KeyIcon(): ReactElement {
  return (
    <Icon>
      <circle cx="7" cy="13" r="3.3" />
      <path d="m9.4 10.6 6.8-6.8M13.4 6.6l2.4 2.4" />
    </Icon>
  )
}

export function PersonIcon(): ReactElement {
  return (
    <Icon>
      <circle cx="10" cy="6.7" r="3.2" />
      <path d="M3.8 17c.5-3.4 3-5.2 6.2-5.200s5.7 1.8 6.2 5.2" />
    </Icon>
  )
}

export function LeaveIcon(): ReactElement {
  return (
    <Icon>
      <path d="M12 3.500H5v13h7M9 10h8M14 7l3 3-3 3" />
    </Icon>
  )
}

export function ArrowIcon(): ReactElement {
  return (
    <Icon>
      <path d="m8 5 5 5-5 5" />
    </Icon>
  )
}

export function ReloadIcon(): ReactElement {
  return (
    <Icon>
      <path d="M16 10a6 6 0 1 1-1.8-4.300L16.5 8M16.5 3.800V8h-4.2" />
    </Icon>
  )
}

export function LockIcon(): ReactElement {
  return (
    <Icon>
      <path d="M4.5 9h11v7.500h-11zM7 9V6.500a3 3 0 0 1 6 0V9" />
    </Icon>
  )
}

export function GlobeIcon(): ReactElement {
  return (
    <Icon>
      <circle cx="10" cy="10" r="6.7" />
      <path d="M3.3 10h13.400M10 3.300c4 4.3 4 9.1 0 13.400M10 3.300c-4 4.3-4 9.1 0 13.4" />
    </Icon>
  )
}

export function ShieldIcon(): ReactElement {
  return (
    <Icon>
      <path d="M10 2.8 16 5v4.500c0 3.6-2.3 6.2-6 7.7-3.7-1.5-6-4.1-6-7.700V5zM7.5 9.800l1.9 1.9 3.3-3.5" />
    </Icon>
  )
}

export function AlertIcon(): ReactElement {
  return (
    <Icon>
      <path d="M10 3 17.5 16.500h-15zM10 8v4M10 14.200v.1" />
    </Icon>
  )
}
