/** What a reader of our pages has already: their own request, their own user, their own functions. */
declare const request: Request
declare const response: Response
declare const tenantId: string
declare const userId: string
declare function greet(name: string | null): void
declare function showReconnect(url: string | undefined): void
