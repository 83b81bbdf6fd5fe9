// The edge: the one HTTP entrance, and the reference documents that are made from the same schemas. Carries no sockets.
export { buildAsyncApi } from './asyncapi.ts';
export { createEdge, type EdgeDeps } from './edge.ts';
export { buildOpenApi } from './openapi.ts';
