// Headers between our own processes. All of them are dropped at the edge when a stranger sends them.

/** Milliseconds that the caller still waits. */
export const DEADLINE_HEADER = 'parley-deadline-ms';
/** On public routes: a token of the edge, without which the two below are not believed. */
export const EDGE_TOKEN_HEADER = 'parley-edge-token';
/** The address of the person's machine, as the edge saw it. */
export const CLIENT_ADDRESS_HEADER = 'parley-client-address';
/** The id that the edge gave the request. */
export const REQUEST_ID_HEADER = 'parley-request-id';

/** One internal request or answer; a page of 500 messages of the largest size fits. */
export const INTERNAL_BODY_BYTES = 64 * 1024 * 1024;

/** Marks that the token was refused, which is between the services and nothing of the person's. */
export const TOKEN_REFUSED = { 'www-authenticate': 'ParleyInternal' } as const;
