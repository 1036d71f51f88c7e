/** Who can sign in to Acme: two people of two tenants, so that their separation can be seen. */
export interface Person {
  /** The user id that Acme gives to Keywell. */
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: string
  readonly tenant: Tenant
}

export interface Tenant {
  /** The tenant id that Acme gives to Keywell. */
  readonly id: string
  readonly name: string
}

export const people: readonly Person[] = [
  {
    id: 'user_mira',
    name: 'Mira Sandoval',
    email: 'mira@northwind.example',
    role: 'Engineering lead',
    tenant: { id: 'org_northwind', name: 'Northwind' },
  },
  {
    id: 'user_jonas',
    name: 'Jonas Weber',
    email: 'jonas@umbrella-labs.example',
    role: 'Platform engineer',
    tenant: { id: 'org_umbrella', name: 'Umbrella Labs' },
  },
]

export function findPerson(id: string): Person | undefined {
  return people.find((person) => person.id === id)
}
